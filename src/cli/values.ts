/** Values that commands are given, as text. */
import { readFile } from "node:fs/promises";
import { UserVpsError, messageOf } from "../../providers/core/errors.ts";
import { ROLES } from "../config/index.ts";
import type { Role } from "../config/index.ts";

/** For numbers of VMs, scripts, templates and the like. */
export function id(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UserVpsError("INPUT_INVALID", `Expected a whole number above 0, got '${text}'.`);
  return Number(text);
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new UserVpsError("INPUT_INVALID", `Expected a whole number, got '${text}'.`);
  return Number(text);
}

export function role(text: string): Role {
  const found = ROLES.find((one) => one === text);
  if (!found) throw new UserVpsError("INPUT_INVALID", `Expected one of ${ROLES.join(", ")}, got '${text}'.`);
  return found;
}

/** The text of a file; `-` is standard input. */
export async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path === "-" ? "/dev/stdin" : path, "utf8");
  } catch (error) {
    throw new UserVpsError("INPUT_INVALID", `${path} cannot be read: ${messageOf(error)}.`, { next: "Name a file that you may read." });
  }
}
