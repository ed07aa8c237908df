import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { UserVpsError } from "../../providers/core/errors.ts";
import type { Environment } from "./settings.ts";

/**
 * The environment with the file `.env` of a folder beneath it: what is set in the environment beats
 * the file. A file that is not there is none.
 */
export function loadEnvironment(env: Environment = process.env, folder: string = process.cwd()): Environment {
  const file = join(folder, ".env");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return env;
    throw new UserVpsError("CONFIG_INVALID", `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}.`);
  }
  return { ...parseEnv(text), ...env };
}
