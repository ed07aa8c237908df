import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { readStackConfig } from "../../../stacks/stack-settings.ts";
import { releaseFingerprint, releaseOf, releaseSettings, renderReleaseScript, type Release } from "../../../stacks/release.ts";

const SHA256 = "ab".repeat(32);
const CONDUCTOR = { url: "https://downloads.example.com/conductor?a=1&b='$(x)'", sha256: SHA256 };
const BOTH: Release = { version: "1.4.2", conductor: CONDUCTOR, cli: { url: "https://downloads.example.com/spoq", sha256: SHA256 } };

function config(settings: Record<string, string>, env: Record<string, string> = {}) {
  const all: Record<string, string> = { username: "alice", zoneId: "fake-zone", conductorUrl: "https://downloads.example.com/c", cliUrl: "https://downloads.example.com/s", ...settings };
  return readStackConfig({ config: (key) => all[key], env });
}

describe("a release as the stack's settings", () => {
  it("is read as it was written", () => {
    const conductor = { url: "https://downloads.example.com/conductor", sha256: SHA256 };
    for (const release of [{ ...BOTH, conductor }, { version: "1", conductor, cli: undefined }, { ...BOTH, conductor: undefined }]) {
      assert.deepEqual(releaseOf(config(releaseSettings(release))), release);
    }
  });

  it("is none unless it is asked for, with SSH on its usual port and no firewall or reverse DNS", () => {
    const { sshPort, firewall, ptr } = config({});
    assert.deepEqual([releaseOf(config({})), sshPort, firewall, ptr], [undefined, 22, false, false]);
    assert.equal(config({}, { USER_VPS_SSH_PORT: "2222" }).sshPort, 2222);
  });

  const refused: [what: string, settings: Record<string, string>, message: RegExp][] = [
    ["programs without a version", { releaseConductorUrl: CONDUCTOR.url, releaseConductorSha256: SHA256 }, /releaseVersion is missing/],
    ["a version without a program", { releaseVersion: "1" }, /needs releaseConductorUrl or releaseCliUrl/],
    ["a URL without a checksum", { releaseVersion: "1", releaseCliUrl: BOTH.cli!.url }, /releaseCliUrl and releaseCliSha256 go together/],
    ["a checksum that is none", { releaseVersion: "1", releaseCliUrl: BOTH.cli!.url, releaseCliSha256: "AB" }, /releaseCliSha256: expected a SHA-256/],
    ["a URL with a password", { releaseVersion: "1", releaseCliUrl: "https://user:fake@example.com/x", releaseCliSha256: SHA256 }, /releaseCliUrl holds a user name or password/],
    ["a version that no file name could hold", { ...releaseSettings(BOTH), releaseVersion: "1; rm" }, /releaseVersion: expected/],
  ];
  for (const [what, settings, message] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => config(settings), (error: Error) => /^CONFIG_INVALID/.test(error.message) && message.test(error.message));
    });
  }

  it("never shows a private key that cannot be used", () => {
    assert.throws(() => config({ sshPrivateKey: "fake-private-key" }), (error: Error) => /sshPrivateKey .*expected a private key/.test(error.message) && !error.message.includes("fake-private-key"));
  });
});

describe("the release script", () => {
  it("holds every value as one quoted word, whatever is in it", () => {
    const script = renderReleaseScript(BOTH);
    assert.match(script, /^RELEASE_VERSION='1\.4\.2'$/m);
    assert.ok(script.includes(`CONDUCTOR_URL='https://downloads.example.com/conductor?a=1&b='\\''$(x)'\\'''\n`));
    assert.doesNotMatch(script, /__[A-Z]/);
  });

  it("leaves out what a release has not", () => {
    assert.match(renderReleaseScript({ version: "1", conductor: CONDUCTOR }), /^CLI_URL=''\nCLI_SHA256=''$/m);
  });

  it("has another fingerprint for each difference", () => {
    const releases = [BOTH, { ...BOTH, version: "1.4.3" }, { ...BOTH, cli: undefined }, { ...BOTH, conductor: BOTH.cli, cli: BOTH.conductor }, { ...BOTH, conductor: { ...CONDUCTOR, sha256: "cd".repeat(32) } }];
    assert.equal(new Set(releases.map(releaseFingerprint)).size, releases.length);
    assert.equal(releaseFingerprint(BOTH), releaseFingerprint({ ...BOTH, conductor: { ...CONDUCTOR } }));
  });
});
