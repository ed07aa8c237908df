import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserVpsError } from "../../providers/core/errors.ts";
import { parseEnvFile } from "./env-file.ts";
import type { Role } from "./roles.ts";
import type { Environment } from "./settings.ts";

/**
 * The environment with the file `.env` of a folder beneath it: what is set in the environment beats
 * the file. A file that is not there is none.
 *
 * @param role its own file, as `init --split` writes it, takes the place of `.env` where it is there
 */
export function loadEnvironment(env: Environment = process.env, folder: string = currentFolder(), role?: Role): Environment {
  const text = (role && readEnvFile(folder, `${role}.env`)) ?? readEnvFile(folder, ".env") ?? "";
  return { ...parseEnvFile(text), ...env };
}

/** @throws UserVpsError CONFIG_INVALID: it was removed meanwhile, and has no path any more */
export function currentFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new UserVpsError("CONFIG_INVALID", "The current folder is no longer there.", { next: "Change into one that is, and run it again.", cause: error });
  }
}

/** undefined if it is not there. */
export function readEnvFile(folder: string, name: string): string | undefined {
  const file = join(folder, name);
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new UserVpsError("CONFIG_INVALID", `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}.`);
  }
}
