/** One thing that doctor looks at. */
import type { Environment } from "../../config/index.ts";

export const CHECK_NAMES = ["node", "settings", "engine", "plugins", "hostinger", "clock", "cloudflare", "payment", "price", "zone", "database", "migrations", "stacks", "purchases", "certificates", "notifications", "disk", "service"] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

export interface Finding {
  readonly check: CheckName;
  /** `skipped`: it could not be told, because of something that another check tells. */
  readonly result: "ok" | "failed" | "skipped";
  /** What was found. Holds no secret. */
  readonly found: string;
  /** How to mend it; only if it failed. */
  readonly mend?: string;
}

export interface CheckContext {
  readonly env: Environment;
  readonly signal: AbortSignal;
}

export function ok(check: CheckName, found: string): Finding {
  return { check, result: "ok", found };
}

export function failed(check: CheckName, found: string, mend: string): Finding {
  return { check, result: "failed", found, mend };
}

export function skipped(check: CheckName, found: string): Finding {
  return { check, result: "skipped", found };
}
