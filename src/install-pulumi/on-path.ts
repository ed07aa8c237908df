/** Finds a Pulumi engine that is installed already. */
import { realpath, stat } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { SECOND_MS } from "../../providers/core/time.ts";
import { ENGINE_SETTINGS } from "./engine-environment.ts";
import { isExecutable, readJson, writeWhole } from "./files.ts";
import { run } from "./run.ts";
import { isUsableEngine, SDK_VERSION } from "./version.ts";

export interface OnPathOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Remembers the version of an executable, so that a start needs no call of the CLI. */
  readonly versionsFile: string;
  /** Folders whose engines are this project's own and do not count as installed. */
  readonly ownFolders: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

export interface EngineOnPath {
  /** Holds `pulumi` and its language host. */
  readonly folder: string;
  readonly version: string;
}

/** Full paths of an executable in the folders of PATH, in their order. */
export async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const candidates = (env["PATH"] ?? "").split(delimiter).filter(Boolean).map((folder) => join(folder, name));
  const usable = await Promise.all(candidates.map(isExecutable));
  return candidates.filter((_, index) => usable[index]);
}

/** The first `pulumi` on PATH, if it is new enough; otherwise why it is not used. */
export async function engineOnPath(options: OnPathOptions): Promise<EngineOnPath | string> {
  const own = await Promise.all(options.ownFolders.map((folder) => realpath(folder).catch(() => folder)));
  for (const executable of await findOnPath("pulumi", options.env)) {
    const real = await realpath(executable);
    const places = [dirname(real), await realpath(dirname(executable))];
    if (own.some((folder) => places.some((place) => `${place}/`.startsWith(`${folder}/`)))) continue;
    const version = await versionOf(executable, real, options);
    if (!version) return `${executable} does not say its version`;
    if (!isUsableEngine(version)) return `${executable} is ${version}, needed is ${SDK_VERSION} or a later 3.x`;
    for (const folder of places) {
      if (await isExecutable(join(folder, "pulumi-language-nodejs"))) return { folder, version: version.replace(/^v/, "") };
    }
    return `${executable} has no pulumi-language-nodejs beside it`;
  }
  return "there is no pulumi on PATH";
}

type KnownVersions = Record<string, { readonly size: number; readonly mtimeMs: number; readonly version: string }>;

async function versionOf(executable: string, real: string, options: OnPathOptions): Promise<string | undefined> {
  const { size, mtimeMs } = await stat(real);
  const known = (await readJson<KnownVersions>(options.versionsFile)) ?? {};
  const remembered = known[executable];
  if (remembered?.size === size && remembered.mtimeMs === mtimeMs) return remembered.version;

  const env = { ...options.env, ...ENGINE_SETTINGS };
  const answer = await run(executable, ["version"], { env, timeoutMs: 20 * SECOND_MS, signal: options.signal });
  const version = answer.stdout.trim();
  if (!answer.ok || !version) return undefined;
  // Where nothing can be written the next start asks again; that is no reason not to start.
  await writeWhole(options.versionsFile, JSON.stringify({ ...known, [executable]: { size, mtimeMs, version } })).catch(() => undefined);
  return version;
}
