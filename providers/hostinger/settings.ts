import { readFileSync } from "node:fs";
import { UserVpsError } from "../core/errors.ts";
import { currentPatience } from "../core/patience.ts";
import type { Patience } from "../core/patience.ts";
import { SECOND_MS } from "../core/time.ts";
import { DEFAULT_BASE_URL } from "./api/client.ts";

/**
 * What the Hostinger providers need to know about their surroundings. It comes from the stack's
 * configuration (`hostinger:apiKey`, `hostinger:baseUrl`) or from the environment, at run time:
 * nothing of it is an input of a resource, so no token lands in the state.
 */
export interface HostingerSettings {
  readonly apiKey: string;
  readonly baseUrl: string;
  /** How long one purchase call may be in flight. */
  readonly purchaseTimeoutMs: number;
  /** How long a purchase whose answer was lost may still take to show in the list of VMs. */
  readonly purchaseSettleMs: number;
  /** How long a VM may take to be running. */
  readonly runningTimeoutMs: number;
  /** How long a bought VM may stay in `initial` before its setup is asked for once more. */
  readonly initialGraceMs: number;
  /** Whether a run waits for the VM to be running, or says NOT_YET. */
  readonly patience: Patience;
}

/** Environment variables that hold a number of seconds; the documents are made from them. */
export const SECONDS_VARIABLES = {
  purchaseTimeoutMs: { name: "HOSTINGER_PURCHASE_TIMEOUT_SECONDS", defaultSeconds: 60, description: "How long one purchase call may be in flight." },
  purchaseSettleMs: { name: "HOSTINGER_PURCHASE_SETTLE_SECONDS", defaultSeconds: 20, description: "How long a purchase whose answer was lost may still take to show in the list of VMs." },
  runningTimeoutMs: { name: "HOSTINGER_RUNNING_TIMEOUT_SECONDS", defaultSeconds: 15 * 60, description: "How long a VM may take to be running." },
  initialGraceMs: { name: "HOSTINGER_INITIAL_GRACE_SECONDS", defaultSeconds: 15, description: "How long a bought VM may stay in `initial` before its setup is asked for once more." },
} as const;

type Environment = Readonly<Record<string, string | undefined>>;
export interface StackConfig {
  get(key: string): string | undefined;
}

/** Environment variables and the stack's configuration -> settings; configuration beats environment. */
export function hostingerSettings(config: StackConfig, env: Environment): HostingerSettings {
  const apiKey = config.get("hostinger:apiKey") ?? keyFromEnvironment(env);
  if (!apiKey) {
    throw new UserVpsError("CONFIG_INVALID", "There is no Hostinger API key.", {
      next: "Set HOSTINGER_API_KEY, or `pulumi config set --secret hostinger:apiKey`; `npm run demo` needs none.",
    });
  }
  return Object.freeze({
    apiKey,
    baseUrl: config.get("hostinger:baseUrl") ?? env["HOSTINGER_API_BASE_URL"] ?? DEFAULT_BASE_URL,
    purchaseTimeoutMs: secondsFrom(env, "purchaseTimeoutMs"),
    purchaseSettleMs: secondsFrom(env, "purchaseSettleMs"),
    runningTimeoutMs: secondsFrom(env, "runningTimeoutMs"),
    initialGraceMs: secondsFrom(env, "initialGraceMs"),
    patience: currentPatience(env),
  });
}

function keyFromEnvironment(env: Environment): string | undefined {
  if (env["HOSTINGER_API_KEY"]) return env["HOSTINGER_API_KEY"];
  const file = env["HOSTINGER_API_KEY_FILE"];
  return file ? readFileSync(file, "utf8").trim() : undefined;
}

function secondsFrom(env: Environment, setting: keyof typeof SECONDS_VARIABLES): number {
  const { name, defaultSeconds } = SECONDS_VARIABLES[setting];
  const text = env[name];
  if (text === undefined || text === "") return defaultSeconds * SECOND_MS;
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds <= 0) {
    throw new UserVpsError("CONFIG_INVALID", `${name} must be a number of seconds above 0, for example ${defaultSeconds}; got '${text}'.`);
  }
  return seconds * SECOND_MS;
}
