import { PurchaseUncertainError } from "./api/client.ts";
import type { VirtualMachine } from "./api/client.ts";
import { UserVpsError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import { SECOND_MS, inSeconds, sleep } from "../core/time.ts";
import { MARK_USABLE_MS, leaveMark, listMarks, prolongMark, removeMarks, serverNowMs } from "./purchase-mark.ts";
import type { PurchaseMark } from "./purchase-mark.ts";
import type { Session } from "./session.ts";
import { claimUnfinishedPurchase, findByHostname, refuseMismatch } from "./search.ts";
import { purchaseRequest } from "./purchase-request.ts";
import type { VirtualMachineInputs } from "./virtual-machine-args.ts";

/** How the stack came by its VM. `interrupted`: bought for this host name by a run that did not live to say so. */
export interface Acquired {
  readonly vmId: number;
  readonly how: "bought" | "interrupted" | "adopted";
  readonly orderId: string | undefined;
}

const LOOK_INTERVAL_MS = 1 * SECOND_MS;
const MOST_PURCHASE_CALLS = 3;

/**
 * Adopts the VM of this host name or buys one, at most one, whatever dies when (rule 1):
 *
 *     look -> found: adopt
 *          -> mark the intent -> others marked first: look until theirs can no longer land
 *          -> look again -> buy -> answer: done
 *                               -> refused: remove the mark, fail
 *                               -> no answer: look until it can no longer land, then start over
 *
 * Errors: PAYMENT_REFUSED, PURCHASE_NOT_ALLOWED, PURCHASE_UNCERTAIN, VM_MISMATCH, API_*.
 */
export async function acquire(session: Session, inputs: VirtualMachineInputs): Promise<Acquired> {
  for (let call = 1; ; call++) {
    const mark = await reachTheFront(session, inputs);
    if ("vmId" in mark) return mark;
    try {
      const bought = await buy(session, inputs, mark);
      await removeMarks(session, [mark]);
      return bought;
    } catch (error) {
      if (!canNoLongerLand(error)) throw error;
      await removeMarks(session, [mark]);
      if (!(error instanceof PurchaseUncertainError) || call === MOST_PURCHASE_CALLS) throw error;
      session.report(`${inputs.hostname}: the purchase was not answered as expected and no VM has shown up; starting over`);
    }
  }
}

/** Errors after which it is certain that nothing was bought. All others leave the mark for the next run to respect. */
const NOTHING_BOUGHT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "API_REJECTED", "PAYMENT_REFUSED", "API_UNAUTHORIZED", "API_FORBIDDEN", "API_NOT_FOUND", "API_RATE_LIMITED", "API_UNREACHABLE",
]);

/** `buy` throws a PurchaseUncertainError only after it has looked for as long as the call could take to land. */
function canNoLongerLand(error: unknown): boolean {
  if (error instanceof PurchaseUncertainError) return true;
  return error instanceof UserVpsError && NOTHING_BOUGHT.has(error.code);
}

/** Returns a mark that nobody else's comes before, or the VM if one shows up meanwhile. */
async function reachTheFront(session: Session, inputs: VirtualMachineInputs): Promise<PurchaseMark | Acquired> {
  const present = await lookFor(session, inputs);
  if (present) return adopted(session, inputs, present);
  if (!inputs.allowPurchase) {
    throw new UserVpsError("PURCHASE_NOT_ALLOWED", `There is no VM of the host name ${inputs.hostname}, and this stack may not buy one.`);
  }
  for (;;) {
    const mine = await leaveMark(session, inputs.hostname);
    const ahead = (await listMarks(session, inputs.hostname)).filter((mark) => mark.id < mine.id);
    const found = await lookWhileAnyLives(session, inputs, ahead);
    if (found) return adopted(session, inputs, found);
    const latecomer = await lookFor(session, inputs);
    if (latecomer) return adopted(session, inputs, latecomer);
    await removeMarks(session, ahead);
    if (isUsable(session, mine)) return mine;
    await removeMarks(session, [mine]);
  }
}

/** Others are about to buy for the same host name: look for their VM until their calls can no longer land. */
async function lookWhileAnyLives(session: Session, inputs: VirtualMachineInputs, ahead: PurchaseMark[]): Promise<VirtualMachine | undefined> {
  const startMs = Date.now();
  let lastReportMs = 0;
  for (;;) {
    const waitMs = Math.max(0, ...ahead.map((mark) => mark.expiresAtMs - serverNowMs(session)));
    if (waitMs === 0) return undefined;
    if (Date.now() - startMs > session.settings.runningTimeoutMs) {
      throw new UserVpsError("PURCHASE_UNCERTAIN", `An earlier purchase for ${inputs.hostname} is still open after ${inSeconds(Date.now() - startMs)}, and no VM has shown up.`);
    }
    if (Date.now() - lastReportMs > 10 * SECOND_MS) {
      lastReportMs = Date.now();
      session.report(`${inputs.hostname}: an earlier purchase may still land; looking for its VM for up to ${inSeconds(waitMs)}`);
    }
    await sleep(Math.min(LOOK_INTERVAL_MS, waitMs), session.signal);
    const found = await lookFor(session, inputs);
    if (found) return found;
    const left = new Set((await listMarks(session, inputs.hostname)).map((mark) => mark.id));
    ahead = ahead.filter((mark) => left.has(mark.id));
  }
}

/** Orders that come to nothing (`Billing.V1.Order.OrderResource`, `status`). */
const NOT_PAID: ReadonlySet<string> = new Set(["failed", "refunded", "cancelled", "fraud_refund"]);

async function buy(session: Session, inputs: VirtualMachineInputs, mark: PurchaseMark): Promise<Acquired> {
  session.report(`${inputs.hostname}: buying ${inputs.plan} in data center ${inputs.dataCenterId}`);
  const { settings, client } = session;
  let orderId: string | undefined;
  try {
    // Without the session's signal: a purchase in flight is better finished than cut off.
    const result = await client.virtualMachines.purchase(purchaseRequest(inputs), { timeoutMs: settings.purchaseTimeoutMs });
    if (NOT_PAID.has(result.orderStatus ?? "")) {
      throw new UserVpsError("PAYMENT_REFUSED", `Order ${result.orderId ?? "without a number"} for ${inputs.hostname} is '${result.orderStatus}'.`);
    }
    if (result.virtualMachineId !== undefined) return { vmId: result.virtualMachineId, how: "bought", orderId: result.orderId };
    orderId = result.orderId;
    await prolongMark(session, mark, inputs.hostname);
  } catch (error) {
    if (!(error instanceof PurchaseUncertainError)) throw error;
    session.report(`${inputs.hostname}: the purchase's outcome is unknown; looking for its VM`);
    const found = await lookUntilSettled(session, inputs, mark, settings.purchaseSettleMs);
    if (!found) throw error;
    return { vmId: found.id, how: "interrupted", orderId };
  }
  session.report(`${inputs.hostname}: order ${orderId ?? "without a number"} is accepted; waiting for its VM to be listed`);
  const found = await lookUntilSettled(session, inputs, mark, settings.runningTimeoutMs);
  if (found) return { vmId: found.id, how: "bought", orderId };
  throw new UserVpsError("PURCHASE_UNCERTAIN", `Hostinger accepted order ${orderId ?? "without a number"} for ${inputs.hostname}, but shows no VM after ${inSeconds(settings.runningTimeoutMs)}.`);
}

/** After a lost answer: looks until the VM would have shown up, at the end also for one whose setup failed. */
async function lookUntilSettled(session: Session, inputs: VirtualMachineInputs, mark: PurchaseMark, settleMs: number): Promise<VirtualMachine | undefined> {
  const endMs = Date.now() + settleMs;
  for (;;) {
    const found = await lookFor(session, inputs);
    if (found) return found;
    if (Date.now() >= endMs) return claimUnfinishedPurchase(session, inputs, mark.createdAtMs);
    await sleep(Math.min(LOOK_INTERVAL_MS, Math.max(1, endMs - Date.now())), session.signal);
  }
}

function lookFor(session: Session, inputs: VirtualMachineInputs): Promise<VirtualMachine | undefined> {
  return findByHostname(session, inputs.hostname, inputs.allowReplaceOf);
}

/** Whether the VM comes from an interrupted purchase is told by a mark that is still there. */
async function adopted(session: Session, inputs: VirtualMachineInputs, vm: VirtualMachine): Promise<Acquired> {
  refuseMismatch(inputs, vm);
  const marks = await listMarks(session, inputs.hostname);
  await removeMarks(session, marks);
  session.report(`${inputs.hostname}: VM ${vm.id} is already there; taking it over instead of buying`);
  return { vmId: vm.id, how: marks.length > 0 ? "interrupted" : "adopted", orderId: undefined };
}

function isUsable(session: Session, mark: PurchaseMark): boolean {
  return serverNowMs(session) - mark.createdAtMs < MARK_USABLE_MS;
}
