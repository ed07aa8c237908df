/** Values that commands are given, as text. */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { UserVpsError, messageOf } from "../../providers/core/errors.ts";
import { ROLES } from "../config/roles.ts";
import type { Role } from "../config/roles.ts";

/** For numbers of VMs, scripts, templates and the like. */
export function id(given: string): number {
  if (!/^[1-9]\d{0,14}$/.test(given)) throw new UserVpsError("INPUT_INVALID", `Expected a whole number above 0, got '${given}'.`);
  return Number(given);
}

export function wholeNumber(given: string): number {
  if (!/^\d{1,15}$/.test(given)) throw new UserVpsError("INPUT_INVALID", `Expected a whole number, got '${given}'.`);
  return Number(given);
}

export function role(given: string): Role {
  const found = ROLES.find((one) => one === given);
  if (!found) throw new UserVpsError("INPUT_INVALID", `Expected one of ${ROLES.join(", ")}, got '${given}'.`);
  return found;
}

/** The text of a file; `-` is standard input. */
export async function fileText(path: string): Promise<string> {
  try {
    return path === "-" ? await text(process.stdin) : await readFile(path, "utf8");
  } catch (error) {
    throw new UserVpsError("INPUT_INVALID", `${path} cannot be read: ${messageOf(error)}.`, { next: "Name a file that you may read." });
  }
}
