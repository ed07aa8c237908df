/**
 * How long a provider waits for what takes minutes by itself: a VM that boots, a certificate that is issued.
 *
 * - `own`: up to the limit of each wait, as a plain `pulumi up` does.
 * - `none`: not at all. What is not there yet is told at once, by NOT_YET; whoever started the run looks for it
 *   without a run and comes back (src/waits).
 * - `over`: not at all, for it was waited long enough outside: what is not there fails as at the end of `own`.
 */
import { UserVpsError } from "./errors.ts";

/** What a run may have to wait for. `purchase`: what became of one whose answer was lost. */
export const AWAITED = ["running", "health", "purchase"] as const;
export type Awaited = (typeof AWAITED)[number];

export type Patience = "own" | "none" | "over";

/** Of a whole run. One thing at most is over: what comes after it has just begun, and has its own time. */
export type RunPatience = "own" | "none" | `over:${Awaited}`;

/** Handed to a run of the engine by whoever starts it; the plain command line has none. */
export const PATIENCE_VARIABLE = "USER_VPS_PATIENCE";

const RUN_PATIENCES: readonly RunPatience[] = ["own", "none", ...AWAITED.map((what) => `over:${what}` as const)];

export function currentPatience(env: Readonly<Record<string, string | undefined>> = process.env): RunPatience {
  return RUN_PATIENCES.find((patience) => patience === env[PATIENCE_VARIABLE]) ?? "own";
}

export function patienceFor(what: Awaited, ofRun: RunPatience): Patience {
  if (ofRun === "own" || ofRun === "none") return ofRun;
  return ofRun === `over:${what}` ? "over" : "none";
}

/** @param seen what is there instead: the VM's state, stage and detail of the probe, what is known of the purchase */
export function notYet(what: Awaited, hostname: string, seen: string): UserVpsError {
  return new UserVpsError("NOT_YET", `${what}: ${hostname}: ${seen}.`);
}

const MESSAGE = new RegExp(`(?:\\bNOT_YET: )?\\b(${AWAITED.join("|")}): \\S+: (.*?)\\.?(?: Next: .*)?$`, "s");

/** The same, of an error's text as the engine hands it on; undefined if it is none. */
export function awaitedIn(text: string): { readonly what: Awaited; readonly seen: string } | undefined {
  const found = MESSAGE.exec(text);
  const what = AWAITED.find((one) => one === found?.[1]);
  return what && { what, seen: found![2]! };
}
