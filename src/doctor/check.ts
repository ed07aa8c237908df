/** One thing that doctor looks at. */
import type { Environment } from "../config/index.ts";

/** What each is about, in the order in which they are told. */
export const CHECKS = {
  node: "Node is new enough to run TypeScript as it is.",
  settings: "All settings are there and well-formed.",
  worker: "A worker answers: without one nothing is provisioned, repaired or given up.",
  engine: "There is a Pulumi engine.",
  plugins: "The engine finds its plugin for Cloudflare.",
  hostinger: "Hostinger accepts the token, and offers what signups get by default.",
  clock: "The clock is right: purchases are told apart by it.",
  cloudflare: "Cloudflare accepts the token, for the zone of the domain.",
  payment: "The Hostinger account has a payment method that works.",
  price: "What a VPS costs is known, and not more than may be paid.",
  zone: "The zone has room for another record.",
  database: "PostgreSQL answers.",
  migrations: "The database is as this version of the program wants it.",
  stacks: "The stacks' state is found where the engine looks for it.",
  purchases: "VPSs may be bought: switched on, no payment refused, no cap reached.",
  certificates: "The certificate authority's limit of the week is not used up.",
  notifications: "Those who are to be told something can be reached.",
  disk: "There is room where runs, the engine and the database write.",
  service: "The service answers, and is ready.",
} as const;
export type CheckName = keyof typeof CHECKS;
export const CHECK_NAMES = Object.keys(CHECKS) as [CheckName, ...CheckName[]];
export const CHECK_RESULTS = ["ok", "failed", "skipped"] as const;

export interface Finding {
  readonly check: CheckName;
  /** `skipped`: it could not be told, because of something that another check tells. */
  readonly result: (typeof CHECK_RESULTS)[number];
  /** What was found. Holds no secret. */
  readonly found: string;
  /** How to mend it; only if it failed. */
  readonly mend?: string;
}

export interface CheckContext {
  readonly env: Environment;
  /** Of the database that the service has open; without it, the one that the environment leads to. */
  readonly databaseUrl?: string;
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
