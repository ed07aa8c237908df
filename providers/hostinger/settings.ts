import { UserVpsError } from "../core/errors.ts";
import { currentPatience } from "../core/patience.ts";
import type { RunPatience } from "../core/patience.ts";
import { SECOND_MS } from "../core/time.ts";
import { readSettingFile } from "../core/setting-file.ts";
import { tokenFrom } from "../core/token.ts";
import { DEFAULT_BASE_URL } from "./api/client.ts";
import { SECONDS_VARIABLES } from "./seconds-variables.ts";

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
  /** How long after its intent was written down a purchase may begin. */
  readonly purchaseIntentMs: number;
  /** After that long a purchase whose outcome is not known, and of which nothing shows, is for a person to decide. */
  readonly purchaseSettleMs: number;
  /** What is done then. */
  readonly purchaseUncertainPolicy: PurchaseUncertainPolicy;
  /** How long a VM may take to be running. */
  readonly runningTimeoutMs: number;
  /** How long a VM that was sold or shown may not be found before it counts as gone. */
  readonly notFoundGraceMs: number;
  /** How long a bought VM may stay in `initial` before its setup is asked for once more. */
  readonly initialGraceMs: number;
  /** `false`: this run of the engine may not buy, whatever the stack's own `allowPurchase` says. */
  readonly mayBuy: boolean;
  /** Whether a run waits for the VM to be running, and for the outcome of a purchase, or says NOT_YET. */
  readonly patience: RunPatience;
}

export const PURCHASE_UNCERTAIN_POLICIES = ["ask", "buy-again-without-evidence"] as const;
export type PurchaseUncertainPolicy = (typeof PURCHASE_UNCERTAIN_POLICIES)[number];

/**
 * Handed to a run of the engine by whoever starts it, as is how long it waits: what is allowed to one run
 * is no input of the VM, which would change in the stack's state from run to run.
 */
export const ALLOW_PURCHASE_VARIABLE = "USER_VPS_ALLOW_PURCHASE";

/** A week. A timer of Node's that is longer than 24 days fires at once. */
const MOST_SECONDS = 604_800;

type Environment = Readonly<Record<string, string | undefined>>;
export interface StackConfig {
  get(key: string): string | undefined;
}

/** Environment variables and the stack's configuration -> settings; configuration beats environment. */
export function hostingerSettings(config: StackConfig, env: Environment): HostingerSettings {
  const configured = config.get("hostinger:apiKey");
  const apiKey = configured === undefined ? keyFromEnvironment(env) : tokenFrom(configured, "The stack's setting hostinger:apiKey");
  if (apiKey === undefined) {
    throw new UserVpsError("CONFIG_INVALID", "There is no Hostinger API key.", {
      next: "Set HOSTINGER_API_KEY, or `pulumi config set --secret hostinger:apiKey`; `npm run demo` needs none.",
    });
  }
  return Object.freeze({
    apiKey,
    baseUrl: config.get("hostinger:baseUrl") ?? (env["HOSTINGER_API_BASE_URL"] || DEFAULT_BASE_URL),
    purchaseTimeoutMs: secondsFrom(env, "purchaseTimeoutMs"),
    purchaseIntentMs: secondsFrom(env, "purchaseIntentMs"),
    purchaseSettleMs: secondsFrom(env, "purchaseSettleMs"),
    purchaseUncertainPolicy: policyFrom(config.get("hostinger:purchaseUncertainPolicy") ?? env["PURCHASE_UNCERTAIN_POLICY"]),
    runningTimeoutMs: secondsFrom(env, "runningTimeoutMs"),
    notFoundGraceMs: secondsFrom(env, "notFoundGraceMs"),
    initialGraceMs: secondsFrom(env, "initialGraceMs"),
    mayBuy: env[ALLOW_PURCHASE_VARIABLE] !== "false",
    patience: currentPatience(env),
  });
}

function keyFromEnvironment(env: Environment): string | undefined {
  const { HOSTINGER_API_KEY: key, HOSTINGER_API_KEY_FILE: file } = env;
  if (key) return tokenFrom(key, "HOSTINGER_API_KEY");
  return file ? tokenFrom(readSettingFile("HOSTINGER_API_KEY_FILE", file), `The file of HOSTINGER_API_KEY_FILE, ${file},`) : undefined;
}

function policyFrom(text: string | undefined): PurchaseUncertainPolicy {
  if (text === undefined || text === "") return "ask";
  const policy = PURCHASE_UNCERTAIN_POLICIES.find((one) => one === text);
  if (policy) return policy;
  throw new UserVpsError("CONFIG_INVALID", `PURCHASE_UNCERTAIN_POLICY must be one of ${PURCHASE_UNCERTAIN_POLICIES.join(", ")}; got '${text}'.`);
}

function secondsFrom(env: Environment, setting: keyof typeof SECONDS_VARIABLES): number {
  const { name, defaultSeconds } = SECONDS_VARIABLES[setting];
  const text = env[name];
  if (text === undefined || text === "") return defaultSeconds * SECOND_MS;
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= MOST_SECONDS)) {
    throw new UserVpsError("CONFIG_INVALID", `${name} must be a number of seconds above 0 and at most ${MOST_SECONDS}, for example ${defaultSeconds}; got '${text}'.`);
  }
  return seconds * SECOND_MS;
}
