/** A release: programs that are brought to a VPS that is already there, over SSH. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { urlFault } from "./download-url.ts";
import { fillTemplate } from "./fill-template.ts";
import { bashWord } from "./post-install-quoting.ts";

/** One program of a release. */
export interface ReleasedProgram {
  /** http(s), without user name and password. */
  readonly url: string;
  /** Of the file at the URL: 64 hex digits in lower case. */
  readonly sha256: string;
}

/** At least one of the two programs. */
export interface Release {
  /** What people call it: 1 to 64 of letters, digits and `._+-`. */
  readonly version: string;
  readonly conductor?: ReleasedProgram | undefined;
  readonly cli?: ReleasedProgram | undefined;
}

/** The stack's settings that make up a release, as they are read. */
export interface ReleaseSettings {
  readonly releaseVersion?: string | undefined;
  readonly releaseConductorUrl?: string | undefined;
  readonly releaseConductorSha256?: string | undefined;
  readonly releaseCliUrl?: string | undefined;
  readonly releaseCliSha256?: string | undefined;
}

export const VERSION_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;
export const SHA256_PATTERN = /^[0-9a-f]{64}$/;

const TEMPLATE = readFileSync(new URL("./release.sh", import.meta.url), "utf8");

/** What is wrong with the settings taken together; empty if they make a release, or none at all. */
export function releaseFaults(settings: ReleaseSettings): string[] {
  const { releaseVersion, releaseConductorUrl, releaseConductorSha256, releaseCliUrl, releaseCliSha256 } = settings;
  const given = [releaseConductorUrl, releaseConductorSha256, releaseCliUrl, releaseCliSha256].some((value) => value !== undefined);
  const faults: string[] = [];
  if (given && releaseVersion === undefined) faults.push("releaseVersion is missing, for example: pulumi config set releaseVersion 1.4.2");
  if (releaseVersion !== undefined && releaseConductorUrl === undefined && releaseCliUrl === undefined) faults.push("releaseVersion: a release needs releaseConductorUrl or releaseCliUrl");
  for (const [name, url, sha256] of [["releaseConductor", releaseConductorUrl, releaseConductorSha256], ["releaseCli", releaseCliUrl, releaseCliSha256]] as const) {
    if ((url === undefined) !== (sha256 === undefined)) faults.push(`${name}Url and ${name}Sha256 go together: nothing is installed unverified`);
    const fault = url === undefined ? undefined : urlFault(url);
    if (fault !== undefined) faults.push(`${name}Url ${fault}`);
  }
  return faults;
}

/** The release that the settings make up; undefined if there is none. They have no `releaseFaults`. */
export function releaseOf(settings: ReleaseSettings): Release | undefined {
  const { releaseVersion, releaseConductorUrl, releaseConductorSha256, releaseCliUrl, releaseCliSha256 } = settings;
  if (releaseVersion === undefined) return undefined;
  return {
    version: releaseVersion,
    conductor: programOf(releaseConductorUrl, releaseConductorSha256),
    cli: programOf(releaseCliUrl, releaseCliSha256),
  };
}

/** The other way round, as text for `pulumi config`. */
export function releaseSettings({ version, conductor, cli }: Release): Record<string, string> {
  return {
    releaseVersion: version,
    ...(conductor && { releaseConductorUrl: conductor.url, releaseConductorSha256: conductor.sha256 }),
    ...(cli && { releaseCliUrl: cli.url, releaseCliSha256: cli.sha256 }),
  };
}

/** release.sh for this release. It holds no secret. */
export function renderReleaseScript({ version, conductor, cli }: Release): string {
  return fillTemplate(TEMPLATE, new Map([
    ["RELEASE_VERSION", bashWord(version)],
    ["CONDUCTOR_URL", bashWord(conductor?.url ?? "")],
    ["CONDUCTOR_SHA256", bashWord(conductor?.sha256 ?? "")],
    ["CLI_URL", bashWord(cli?.url ?? "")],
    ["CLI_SHA256", bashWord(cli?.sha256 ?? "")],
  ]));
}

/** What makes two releases the same, in hex: whatever it is called, it is run again where this differs. */
export function releaseFingerprint({ version, conductor, cli }: Release): string {
  const identity = [version, conductor?.url, conductor?.sha256, cli?.url, cli?.sha256].map((value) => value ?? null);
  return createHash("sha256").update(JSON.stringify(identity)).digest("hex");
}

function programOf(url: string | undefined, sha256: string | undefined): ReleasedProgram | undefined {
  return url === undefined || sha256 === undefined ? undefined : { url, sha256 };
}
