/** The table of issue 12: every answer of the purchase call, and every point at which its buyer may die. */
import { setTimeout as sleep } from "node:timers/promises";
import { UserVpsError } from "../../providers/core/errors.ts";
import { resolvePurchase } from "../../providers/hostinger/purchase/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Fault, Sandbox, VmView } from "../../src/sandbox/index.ts";
import { control } from "../integration/sandbox-support.ts";
import { newBuyer, obtain, obtainOnce, replaceCalls } from "./buyers.ts";
import type { Buyer, BuyerSettings, Ending } from "./buyers.ts";
import { ALICE } from "./fake-account.ts";

export interface Answer {
  readonly name: string;
  /** Of the request to buy; once, unless `times` says otherwise (0: always). */
  readonly fault?: Fault;
  readonly times?: number;
  /** How the order goes: the sandbox's control `purchases`. */
  readonly order?: object;
  /** How many orders the call makes. */
  readonly orders: 0 | 1;
  /** What another buyer comes to who finds the record as `sent`. */
  readonly sent: "vm" | "AWAITING_PAYMENT" | "PURCHASE_UNCERTAIN";
  /** What it comes to if the outcome has been written down. */
  readonly noted: string;
  /** Its order shows only after it was given up waiting for. */
  readonly isLate?: true;
}

const reset = (afterEffect: boolean): Fault => ({ kind: "reset", afterEffect });
const hang = (effectAfterMs: number): Fault => ({ kind: "hang", effectAfterMs });
const status = (code: number, message: string, more: object = {}): Fault => ({ kind: "status", status: code, body: { message, correlation_id: "fake" }, ...more });
/** By an answer that refuses for now: longer than the call may take. */
const ASKED_WAIT_SECONDS = 5;
const doubt = { sent: "PURCHASE_UNCERTAIN", noted: "PURCHASE_UNCERTAIN" } as const;
const found = { orders: 1, sent: "vm", noted: "vm" } as const;
const waits = { orders: 1, sent: "AWAITING_PAYMENT", noted: "AWAITING_PAYMENT" } as const;

export const ANSWERS: readonly Answer[] = [
  { name: "200 with VM", ...found },
  { name: "200 with VM, in the specification's shape", order: { answer: "specification" }, ...found },
  { name: "200 without VM", order: { answer: "order-only" }, ...found },
  { name: "202, paid a moment later", order: { answer: "payment-initiated", paidAfterMs: 700 }, ...found },
  { name: "202, never paid", order: { answer: "payment-initiated" }, ...waits },
  { name: "200 awaiting payment", order: { answer: "order-only", orderStatus: "awaiting_payment" }, ...waits },
  { name: "422 refused", fault: status(422, "The selected template id is invalid."), times: 0, orders: 0, sent: "PURCHASE_UNCERTAIN", noted: "API_REJECTED" },
  { name: "402 payment", fault: status(402, "Payment failed: the payment method was declined."), times: 0, orders: 0, sent: "PURCHASE_UNCERTAIN", noted: "PAYMENT_REFUSED" },
  { name: "422 payment", fault: status(422, "The payment was declined by the bank."), times: 0, orders: 0, sent: "PURCHASE_UNCERTAIN", noted: "PAYMENT_REFUSED" },
  { name: "429", fault: status(429, "Too Many Requests", { retryAfterSeconds: ASKED_WAIT_SECONDS }), times: 0, orders: 0, sent: "PURCHASE_UNCERTAIN", noted: "API_RATE_LIMITED" },
  { name: "500 before the effect", fault: status(500, "Server Error"), orders: 0, ...doubt },
  { name: "502 after the effect", fault: status(502, "Bad Gateway", { afterEffect: true }), ...found },
  { name: "HTML, nothing done", fault: { kind: "garbage" }, orders: 0, ...doubt },
  { name: "HTML after the effect", fault: { kind: "answer", edits: [{ path: "", value: "<html>a page</html>" }] }, ...found },
  { name: "403 with HTML, nothing done", fault: { kind: "status", status: 403, body: "<html>a page</html>" }, orders: 0, ...doubt },
  { name: "truncated, in good order", fault: { kind: "answer", keepBytes: 40 }, ...found },
  { name: "truncated, by a cut", fault: { kind: "answer", cutAfterBytes: 40 }, ...found },
  { name: "empty", fault: { kind: "answer", keepBytes: 0 }, ...found },
  { name: "reset before the effect", fault: reset(false), orders: 0, ...doubt },
  { name: "reset after the effect", fault: reset(true), ...found },
  { name: "time-out, the effect a little later", fault: hang(1_000), ...found },
  { name: "time-out, the effect late in the settle time", fault: hang(1_800), ...found },
  { name: "time-out, the effect after the settle time", fault: hang(9_000), orders: 1, ...doubt, isLate: true },
  { name: "lost, listed under Hostinger's name", fault: reset(true), order: { listedAs: "hostinger" }, ...found },
  { name: "lost, listed in initial", fault: reset(true), order: { setup: "fails" }, ...found },
  { name: "422 after the effect, listed in initial", fault: status(422, "The data center is not available for this item.", { afterEffect: true }), order: { setup: "fails" }, ...found },
  { name: "422 about the payment after the effect, listed in initial", fault: status(422, "The payment was made, but the setup was not.", { afterEffect: true }), order: { setup: "fails" }, ...found },
  { name: "200 with VM, listed in initial", order: { setup: "fails" }, ...found },
  { name: "202, listed in initial", order: { answer: "payment-initiated", paidAfterMs: 700, setup: "fails" }, ...found },
  { name: "lost, never listed", fault: reset(true), order: { listedAfterMs: null }, ...waits },
  { name: "200 with VM, never listed", order: { listedAfterMs: null }, orders: 1, sent: "AWAITING_PAYMENT", noted: "vm" },
];

export const CRASHES = ["before `sent` is written", "before the call", "after the call", "after the record's update", "before the stack's state is saved"] as const;
export type Crash = (typeof CRASHES)[number];

export interface CellOptions {
  /** What is done to the other buyer's client before it begins. */
  readonly tampered?: (buyer: Buyer) => void;
}

/** Nothing that is answered, or cut off, needs a limit. */
const PATIENT_MS = 60_000;
/** What hangs is given up after this long; and later where a busy machine had not even sent it by then. */
const LIMITS_MS = [600, 1_200, 2_400];
/** Of what is refused for now, the first attempt has this long, and there is no second one: its wait would take longer. */
const REFUSED_LIMIT_MS = 4_000;

/** Plays one cell; what of it is not as it should be, as sentences. */
export async function playCell(answer: Answer, crash: Crash, options: CellOptions = {}): Promise<string[]> {
  const { fault } = answer;
  const isRefusedForNow = fault?.kind === "status" && fault.status === 429;
  const limits = fault?.kind === "hang" ? LIMITS_MS : [isRefusedForNow ? REFUSED_LIMIT_MS : PATIENT_MS];
  for (const purchaseTimeoutMs of limits) {
    const wrong = await playOnce(answer, crash, { ...options, purchaseTimeoutMs });
    if (wrong !== "never sent") return wrong;
  }
  throw new Error(`${answer.name}, ${crash}: the call to buy was not sent within ${limits.at(-1)} ms`);
}

/** In a sandbox of its own. `never sent`: the call ran out of time before it arrived, so there was nothing to answer. */
async function playOnce(answer: Answer, crash: Crash, { tampered, purchaseTimeoutMs }: CellOptions & { readonly purchaseTimeoutMs: number }): Promise<string[] | "never sent"> {
  const sandbox = await startSandbox({ bootMs: 600_000 });
  try {
    const neighbours = await addNeighbours(sandbox);
    if (answer.order) await control(sandbox, "POST", "purchases", { hostname: ALICE.hostname, ...answer.order });
    if (answer.fault) sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/virtual-machines$", bodyHas: ALICE.hostname, times: answer.times ?? 1, fault: answer.fault });
    const callsBefore = purchaseCalls(sandbox);
    const isUnsent = crash === "before the call";
    // Who finds the order needs no limit; only who finds none has to wait for the settle time's end.
    const settings = { purchaseTimeoutMs, ...(answer.sent === "vm" && !isUnsent && !tampered && { purchaseSettleMs: PATIENT_MS }) };
    await abandon(sandbox, crash, settings);
    const other = newBuyer(sandbox, { ...settings, purchaseIntentMs: PATIENT_MS });
    tampered?.(other);
    const ending = await obtain(other).finally(() => other.end());
    if (!isUnsent && purchaseCalls(sandbox) === callsBefore) return "never sent";
    const expected = isUnsent ? "PURCHASE_UNCERTAIN" : crash === "after the call" ? answer.sent : answer.noted;
    const isLate = answer.isLate === true && !isUnsent;
    const wrong = [...wrongEnding(sandbox, ending, expected), ...wrongOrders(sandbox, isUnsent || isLate ? 0 : answer.orders)];
    if (wrong.length === 0) {
      if (isLate) await ordersShow(sandbox);
      const last = await helpedOn(sandbox, isLate ? await obtainOnce(sandbox) : ending);
      wrong.push(...[...wrongEnding(sandbox, last, "vm"), ...wrongOrders(sandbox, 1)].map((text) => `in the end: ${text}`));
    }
    if (JSON.stringify(viewsOf(sandbox, neighbours)) !== JSON.stringify(neighbours)) wrong.push("somebody else's VM was touched");
    return wrong.map((text) => `${answer.name}, ${crash}: ${text}`);
  } finally {
    await sandbox.close();
  }
}

/** One was bought long ago; the other a moment ago, is in `initial` under Hostinger's name, and no state holds it yet. */
async function addNeighbours(sandbox: Sandbox): Promise<VmView[]> {
  await control(sandbox, "POST", "bulk", { count: 1, prefix: "dan" });
  await control(sandbox, "POST", "purchases", { hostname: "bob.spoq.dev", setup: "fails" });
  const bob = await obtainOnce(sandbox, { hostname: "bob.spoq.dev" }, { purchaseTimeoutMs: PATIENT_MS, purchaseIntentMs: PATIENT_MS });
  if (!("vmId" in bob)) throw new Error(`the neighbour's purchase ended in ${bob.code}`);
  return sandbox.state().vms;
}

function viewsOf(sandbox: Sandbox, vms: readonly VmView[]): VmView[] {
  return sandbox.state().vms.filter(({ id }) => vms.some((vm) => vm.id === id));
}

/** The first buyer, up to where it dies. */
async function abandon(sandbox: Sandbox, crash: Crash, settings: Partial<BuyerSettings>): Promise<void> {
  const buyer = newBuyer(sandbox, { ...settings, purchaseIntentMs: crash === "before `sent` is written" ? 500 : PATIENT_MS });
  const died = dieAt(buyer, crash);
  await Promise.race([obtain(buyer), died]);
  await buyer.end();
}

/** From there on no call is made or answered any more. */
function dieAt(buyer: Buyer, crash: Crash): Promise<void> {
  const { promise: died, resolve } = Promise.withResolvers<void>();
  const die = () => {
    resolve();
    return new Promise<never>(() => undefined);
  };
  let isCalled = false;
  replaceCalls(buyer, "scripts", ({ update, delete: remove }) => ({
    update: async (...given) => {
      if (crash === "before `sent` is written") return await die();
      const script = await update(...given);
      return isCalled && crash === "after the record's update" ? await die() : script;
    },
    delete: async (...given) => {
      await remove(...given);
      if (isCalled && crash === "after the record's update") await die();
    },
  }));
  replaceCalls(buyer, "virtualMachines", ({ purchase }) => ({
    purchase: async (...given) => {
      if (crash === "before the call") return await die();
      const outcome = await purchase(...given);
      isCalled = true;
      return crash === "after the call" ? await die() : outcome;
    },
  }));
  return died;
}

export function ordersOf(sandbox: Sandbox, hostname: string = ALICE.hostname) {
  return sandbox.state().purchases.filter((order) => order.hostname === hostname);
}

function purchaseCalls(sandbox: Sandbox): number {
  return sandbox.state().calls.counts.find(({ method, pattern }) => method === "POST" && pattern === "/api/vps/v1/virtual-machines")?.count ?? 0;
}

function wrongOrders(sandbox: Sandbox, expected: number): string[] {
  const orders = ordersOf(sandbox).length;
  return orders === expected ? [] : [`${orders} orders, expected ${expected}`];
}

function wrongEnding(sandbox: Sandbox, ending: Ending, expected: string): string[] {
  if (!("vmId" in ending)) return ending.code === expected ? [] : [`ended in ${ending.code}, expected ${expected}`];
  if (expected !== "vm") return [`ended with VM ${ending.vmId}, expected ${expected}`];
  return ordersOf(sandbox).some(({ vmId }) => vmId === ending.vmId) ? [] : [`ended with VM ${ending.vmId}, which was bought for somebody else`];
}

/** What was waited for comes, or a person decides; then the next buyer. What is bought again may have to be waited for once more. */
async function helpedOn(sandbox: Sandbox, ending: Ending): Promise<Ending> {
  sandbox.clearFaults();
  for (let help = 0; help < 2 && "code" in ending; help++) {
    if (ending.code === "PURCHASE_UNCERTAIN") await buyAgain(sandbox);
    for (const { orderId, vmId } of ordersOf(sandbox)) {
      if (vmId === null) await control(sandbox, "POST", `orders/${orderId}`, { status: "completed" });
      else await control(sandbox, "POST", `vms/${vmId}/drift`, { kind: "listed" });
    }
    ending = await obtainOnce(sandbox, {}, { purchaseTimeoutMs: PATIENT_MS, purchaseIntentMs: PATIENT_MS });
  }
  return ending;
}

/** A person's word. What is too early by Hostinger's clock, which tells whole seconds, is said again. */
async function buyAgain(sandbox: Sandbox): Promise<void> {
  const person = newBuyer(sandbox);
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        await resolvePurchase(person.session, ALICE.hostname, { kind: "buy-again" }, { who: "an operator", why: "the test" });
        return;
      } catch (error) {
        if (!(error instanceof UserVpsError) || error.code !== "INPUT_INVALID" || attempt === 10) throw error;
        await sleep(500);
      }
    }
  } finally {
    await person.end();
  }
}

async function ordersShow(sandbox: Sandbox): Promise<void> {
  for (let look = 0; look < 300 && ordersOf(sandbox).length === 0; look++) await sleep(100);
}
