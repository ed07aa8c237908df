/** A buyer's process that is stopped (SIGSTOP) at an instant of its way, while another one buys. */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { hitsOf } from "../integration/sandbox-support.ts";
import { obtainOnce } from "./buyers.ts";
import type { Account, BuyerSettings, Ending } from "./buyers.ts";
import { ordersOf } from "./purchase-table.ts";

/** Of an undisturbed way to a VM: scripts, the record, scripts, VMs, `sent`, its confirmation, the purchase, what came of it. */
export const CALLS_OF_A_PURCHASE = 8;
/** As its n-th call arrives, before anything is done; or with the answer on its way. */
export type Instant = { readonly call: number; readonly when: "before" | "after" };
export const INSTANTS: readonly Instant[] = Array.from({ length: CALLS_OF_A_PURCHASE }, (_, index) => index + 1).flatMap((call) => [{ call, when: "before" as const }, { call, when: "after" as const }]);

const SETTINGS: Partial<BuyerSettings> = { purchaseTimeoutMs: 3_000, purchaseIntentMs: 1_500, purchaseSettleMs: 6_000 };
/** So long the call, or its answer, is held: the process is stopped in that time. */
const HELD_MS = 1_000;
/** A busy machine may stop the process after that: then it is another trial. */
const MOST_TRIES = 5;
/** From the arrival of this call on the record says `sent`, until the purchase's: others may be left in doubt. */
const SENT = 5;
const PURCHASE = 7;
const CHILD = new URL("./buyer-child.ts", import.meta.url);

export interface Trial {
  readonly hostname: string;
  readonly at: Instant;
  /** How long it stands still at least; also until the other buyer is done. */
  readonly stoppedMs: number;
}

export interface TrialResult {
  readonly orders: readonly (number | null)[];
  readonly stopped: Ending;
  readonly other: Ending;
}

/** The sandbox has no other caller meanwhile. */
export async function playFrozen(sandbox: Sandbox, trial: Trial): Promise<TrialResult> {
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const result = await tryFrozen(sandbox, tries === 1 ? trial : { ...trial, hostname: `try${tries}-${trial.hostname}` });
    if (result) return result;
  }
  throw new Error(`the buyer was stopped too late, ${MOST_TRIES} times`);
}

/** @returns undefined: it was stopped too late */
async function tryFrozen(sandbox: Sandbox, { hostname, at, stoppedMs }: Trial): Promise<TrialResult | undefined> {
  sandbox.clearFaults();
  const held = sandbox.addFault({ api: "hostinger", skip: at.call - 1, fault: { kind: "delay", delayMs: HELD_MS, when: at.when } });
  const account: Account = { hostingerUrl: sandbox.hostingerUrl, hostingerToken: sandbox.hostingerToken };
  const callsBefore = sandbox.state().calls.hostinger;
  const child = fork(CHILD, [JSON.stringify({ account, inputs: { hostname }, settings: SETTINGS })], { execArgv: ["--disable-warning=ExperimentalWarning"] });
  try {
    const said = new Promise<Ending>((resolve, reject) => {
      child.once("message", (ending) => resolve(ending as Ending));
      child.once("exit", () => reject(new Error("the buyer ended without a word")));
    });
    said.catch(() => undefined);
    await untilHeld(sandbox, held, child);
    child.kill("SIGSTOP");
    // The held call is not logged before it is let go.
    if (sandbox.state().calls.hostinger !== callsBefore + at.call - 1) return undefined;
    const run = () => obtainOnce(account, { hostname }, SETTINGS);
    const [other] = await Promise.all([run().then((ending) => againIfCut(ending, run)), sleep(stoppedMs)]);
    child.kill("SIGCONT");
    const stopped = await againIfCut(await said, run);
    return { stopped, other, orders: ordersOf(sandbox, hostname).map(({ vmId }) => vmId) };
  } finally {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
}

/** A call that was cut, or had run out of time when its process went on, ends that run: the next one has to come to the VM. */
async function againIfCut(ending: Ending, run: () => Promise<Ending>): Promise<Ending> {
  const isCut = "code" in ending && ["API_TIMEOUT", "API_UNREACHABLE"].includes(ending.code);
  return isCut ? await run() : ending;
}

/** Until the call that the fault holds has arrived. */
async function untilHeld(sandbox: Sandbox, ruleId: number, child: ChildProcess): Promise<void> {
  for (let look = 0; look < 6_000; look++) {
    if ((await hitsOf(sandbox, ruleId)) > 0) return;
    if (child.exitCode !== null) throw new Error("the buyer ended before it was stopped");
    await sleep(5);
  }
  throw new Error("the buyer did not come to the instant");
}

/** What of a trial is not as it should be. One that stood between `sent` and its call has others ask a person; it buys by itself later, or not at all. */
export function wrongOf({ hostname, at }: Trial, { orders, stopped, other }: TrialResult): string[] {
  const bought = JSON.stringify({ vmId: orders[0] });
  const mayBeInDoubt = at.call >= SENT && at.call < PURCHASE && JSON.stringify(other) === JSON.stringify({ code: "PURCHASE_UNCERTAIN" });
  const isRight = orders.length === 1 && JSON.stringify(stopped) === bought && (JSON.stringify(other) === bought || mayBeInDoubt);
  return isRight ? [] : [`${hostname}, stopped ${at.when} call ${at.call}: ${orders.length} orders (${orders.join(", ")}), it ended with ${JSON.stringify(stopped)}, the other with ${JSON.stringify(other)}`];
}
