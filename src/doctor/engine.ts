import { join, resolve } from "node:path";
import { binFolder } from "../install-pulumi/bin-folder.ts";
import { cacheRoot, completeEngine, engineFolder } from "../install-pulumi/cache.ts";
import { engineOnPath } from "../install-pulumi/on-path.ts";
import type { Environment } from "../config/index.ts";
import { failed, ok } from "./check.ts";
import type { Finding } from "./check.ts";

const CHECKOUT = resolve(import.meta.dirname, "..", "..");

interface FoundEngine {
  readonly version: string;
  /** Holds `pulumi`. */
  readonly folder: string;
  /** As people are told. */
  readonly where: string;
}

/** Only looks: to download or build one takes minutes. @returns why there is none, if so */
export async function findEngine(given: Environment): Promise<FoundEngine | string> {
  const env = { ...given };
  const root = cacheRoot(env);
  const onPath = await engineOnPath({ env, versionsFile: join(root, "versions-on-path.json"), ownFolders: [root, binFolder(CHECKOUT, root)] });
  if (typeof onPath !== "string") return { ...onPath, where: ` in ${onPath.folder}` };
  const folder = await engineFolder(root);
  const cached = await completeEngine(folder);
  return cached ? { version: cached.version, folder, where: `, ${cached.madeBy === "built" ? "built" : "downloaded"} by the project` } : onPath;
}

export async function checkEngine(env: Environment): Promise<Finding> {
  const found = await findEngine(env);
  if (typeof found !== "string") return ok("engine", `Pulumi ${found.version}${found.where}`);
  return failed("engine", `none yet: ${found}`, "Run `npm run engine`: it downloads or builds one, which takes some minutes, and says what it lacks.");
}
