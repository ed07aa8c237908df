import { readFileSync } from "node:fs";
import { UserVpsError } from "./errors.ts";

/** What the file holds that a setting names; `name` is the setting's. Errors: CONFIG_INVALID. */
export function readSettingFile(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UserVpsError("CONFIG_INVALID", `${name}: the file ${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}.`);
  }
}
