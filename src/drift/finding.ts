import type { FindingKind } from "./kinds.ts";
import type { FleetUser } from "./users.ts";

export interface Finding {
  readonly kind: FindingKind;
  /** User name, host name of a record, id of a VM, subscription or payment method, or what the sweep could not look at. */
  readonly subject: string;
  readonly userId: string | null;
  readonly username: string | null;
  readonly declared: string;
  readonly actual: string;
}

export interface JudgeOptions {
  readonly domain: string;
  readonly recordTtlSeconds: number;
  /** Full host names that are never orphans, such as `www.spoq.dev`. */
  readonly ignoredNames: readonly string[];
  /** What is younger is still being made. */
  readonly graceSeconds: number;
  readonly nowMs: number;
}

export function ofUser({ userId, username }: FleetUser, kind: FindingKind, declared: string | number, actual: string | number): Finding {
  return { kind, subject: username, userId, username, declared: String(declared), actual: String(actual) };
}

export function ofNobody(kind: FindingKind, subject: string, declared: string, actual: string): Finding {
  return { kind, subject, userId: null, username: null, declared, actual };
}
