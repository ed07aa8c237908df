/** Values that commands are given, as text. */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { UserVpsError, messageOf } from "../../providers/core/errors.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../providers/core/time.ts";
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

const AGO_MS: Readonly<Record<string, number>> = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };

/** A day, a time with its zone, or how long ago: `2026-01-31`, `2026-01-31T12:00:00Z`, `24h`. @returns ISO 8601, UTC */
export function pointInTime(given: string): string {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(given) ?? [];
  if (unit !== undefined) return new Date(Date.now() - Number(count) * AGO_MS[unit]!).toISOString();
  const isComplete = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(given);
  const date = new Date(given);
  if (!isComplete || Number.isNaN(date.getTime())) throw new UserVpsError("INPUT_INVALID", `Expected a time such as 2026-01-31, 2026-01-31T12:00:00Z or 24h, got '${given}'.`);
  return date.toISOString();
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
