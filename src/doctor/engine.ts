import { join, resolve } from "node:path";
import { binFolder } from "../install-pulumi/bin-folder.ts";
import { cacheRoot, completeEngine, engineFolder } from "../install-pulumi/cache.ts";
import { engineOnPath } from "../install-pulumi/on-path.ts";
import type { Environment } from "../config/index.ts";
import { failed, ok } from "./check.ts";
import type { Finding } from "./check.ts";

const CHECKOUT = resolve(import.meta.dirname, "..", "..");

/** Only looks: to download or build one takes minutes. */
export async function checkEngine(given: Environment): Promise<Finding> {
  const env = { ...given };
  const root = cacheRoot(env);
  const onPath = await engineOnPath({ env, versionsFile: join(root, "versions-on-path.json"), ownFolders: [root, binFolder(CHECKOUT, root)] });
  if (typeof onPath !== "string") return ok("engine", `Pulumi ${onPath.version} in ${onPath.folder}`);
  const cached = await completeEngine(await engineFolder(root));
  if (cached) return ok("engine", `Pulumi ${cached.version}, ${cached.madeBy === "built" ? "built" : "downloaded"} by the project`);
  return failed("engine", `none yet: ${onPath}`, "Run `npm run engine`: it downloads or builds one, which takes some minutes, and says what it lacks.");
}
