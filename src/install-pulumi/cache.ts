/** Where a fetched or built engine is kept: outside the checkout, shared by all checkouts. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { homeFolder } from "../../providers/core/this-user.ts";
import { isExecutable, isTrustworthy, readJson, temporaryName, writeWhole } from "./files.ts";
import { DYNAMIC_PROVIDER_SCRIPT, LANGUAGE_HOST_SCRIPT } from "./launch-scripts.ts";
import { ENGINE_VERSION } from "./version.ts";

/** What an engine folder must hold before anything can run with it. */
export const ENGINE_FILES = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"] as const;

const RECORD = "engine.json";

export interface EngineRecord {
  readonly version: string;
  readonly madeBy: "download" | "built";
}

/** `$XDG_CACHE_HOME/user-vps`, or `~/.cache/user-vps`. */
export function cacheRoot(env: NodeJS.ProcessEnv): string {
  return join(env["XDG_CACHE_HOME"] || join(homeFolder(env), ".cache"), "user-vps");
}

/** The engine's folder in the cache; the name changes with everything that changes its content. */
export async function engineFolder(root: string): Promise<string> {
  const hash = createHash("sha256").update(DYNAMIC_PROVIDER_SCRIPT).update(LANGUAGE_HOST_SCRIPT);
  for (const module of ["cli", "language-host"]) hash.update(await readFile(join(import.meta.dirname, module, "go.sum")));
  return join(root, `engine-${ENGINE_VERSION}-${process.platform}-${process.arch}-${hash.digest("hex").slice(0, 8)}`);
}

/** The record of a complete engine folder; undefined if it is missing, something lacks, or it is root who asks and somebody else may rewrite it. */
export async function completeEngine(folder: string): Promise<EngineRecord | undefined> {
  const record = await readJson<EngineRecord>(join(folder, RECORD));
  if (record?.version !== ENGINE_VERSION) return undefined;
  const present = await Promise.all(ENGINE_FILES.map(async (name) => (await isExecutable(join(folder, name))) && (await isTrustworthy(join(folder, name)))));
  return present.every(Boolean) ? record : undefined;
}

/**
 * Has `fill` put the files into a temporary folder and moves that into place in one step, so
 * that a process killed meanwhile leaves no half engine. The caller holds the lock, so what
 * lies about from killed ones is removed here. `fill` returns the reason if it cannot.
 */
export async function fillEngineFolder(folder: string, madeBy: EngineRecord["madeBy"], fill: (temporary: string) => Promise<string | undefined>): Promise<string | undefined> {
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    if (name.startsWith(`${basename(folder)}.`) && name.endsWith(".tmp")) await rm(join(parent, name), { recursive: true, force: true });
  }
  const temporary = temporaryName(folder);
  try {
    await mkdir(temporary);
    const reason = await fill(temporary);
    if (reason) return reason;
    await writeWhole(join(temporary, RECORD), JSON.stringify({ version: ENGINE_VERSION, madeBy } satisfies EngineRecord));
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
    return undefined;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
