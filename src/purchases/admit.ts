/** Before a run that may buy: the wish is written down, and the guards are asked. */
import { UserVpsError } from "../../providers/core/errors.ts";
import { refuseMismatch } from "../../providers/hostinger/search.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import { getVm } from "../../providers/hostinger/wait-for-running.ts";
import { inTransaction } from "../db/index.ts";
import type { Queryable } from "../db/queryable.ts";
import { isOrWasVmOfAnother } from "../records/index.ts";
import type { VpsRecord } from "../records/index.ts";
import type { PurchaseAccount } from "./account.ts";
import { endProbe } from "./breaker.ts";
import { heldBack, reserve } from "./guard.ts";
import type { Guard } from "./guard.ts";
import type { Wait } from "./judge.ts";
import { isDecidable } from "./purchase.ts";
import type { Purchase } from "./purchase.ts";
import { findOpenPurchase, markDecidedVm, markEnded, markWaiting, wishFor, withdrawWish } from "./purchases.ts";

export interface PurchaseQuestion {
  readonly record: VpsRecord;
  /** The change that wants another VM, if one does. */
  readonly changeId: number | null;
  /** By what the records and the stack's state say, the run will have to buy. */
  readonly needsPurchase: boolean;
}

export interface Admission {
  /** Undefined: the run may begin. */
  readonly wait?: Wait;
  /** Only with a reservation. Without it the stack refuses to buy, so that even a mistake cannot. */
  readonly mayBuy: boolean;
  readonly purchase: Purchase | undefined;
}

/**
 * @throws UserVpsError PLAN_NOT_ALLOWED; CANCELLED if an operator gave the purchase up; API_* if Hostinger or Cloudflare cannot be asked
 */
export async function admit(guard: Guard, account: PurchaseAccount, session: Session, question: PurchaseQuestion): Promise<Admission> {
  const { pool } = guard;
  const { record: { userId }, needsPurchase } = question;
  let open = await findOpenPurchase(pool, userId);
  if (open && isDecidable(open) && open.decision !== null) open = await applyDecision(guard, account, session, question, open);
  const begun = open && (await goOnWith(guard, account, session, question, open));
  if (begun) return begun;
  if (needsPurchase) return await admitAnew(guard, account, session, question);
  if (open) await withdrawWish(pool, userId);
  return { mayBuy: false, purchase: undefined };
}

/** Undefined: nothing was ordered by it, nor is to be. */
async function goOnWith(guard: Guard, account: PurchaseAccount, session: Session, question: PurchaseQuestion, open: Purchase): Promise<Admission | undefined> {
  // Bought or not, that is for the run to find out; it does not order once more.
  const forTheRun = { mayBuy: false, purchase: open };
  if (open.state === "awaiting_payment") return forTheRun;
  if (open.state === "uncertain") return { mayBuy: await mayBuyAgainByPolicy(guard, session, question, open), purchase: open };
  if (open.state !== "reserved") return undefined;
  if (!question.needsPurchase || open.decision === "vm") return forTheRun;
  if (isFor(open, question)) return await admitAgain(guard, account, session, open);
  if (!(await isUnsent(account, session, open))) return forTheRun;
  await endReservation(guard, open);
  return undefined;
}

async function mayBuyAgainByPolicy(guard: Guard, session: Session, question: PurchaseQuestion, open: Purchase): Promise<boolean> {
  const { purchaseUncertainPolicy } = guard.settings;
  return isFor(open, question) && purchaseUncertainPolicy === "buy-again-without-evidence" && (await heldBack(guard, open, session)) === undefined;
}

async function admitAnew(guard: Guard, account: PurchaseAccount, session: Session, question: PurchaseQuestion): Promise<Admission> {
  const { pool } = guard;
  const { record: { userId, username, hostname, plan, requestedAt }, changeId } = question;
  const wish = await wishFor(pool, { userId, username, hostname, plan, changeId, askedAt: requestedAt });
  const wait = await reserve(guard, wish, session);
  if (wait) return { wait, mayBuy: false, purchase: wish };
  const reserved = await findOpenPurchase(pool, userId);
  // Its turn had come at this very moment, as what was wanted before.
  if (reserved?.state === "reserved" && !isFor(reserved, question)) return await admit(guard, account, session, question);
  return { mayBuy: reserved?.state === "reserved", purchase: reserved };
}

/** The guards let one plan pass, for a signup or for one change: the stack may declare another one by now. */
function isFor({ plan, changeId }: Purchase, question: PurchaseQuestion): boolean {
  return plan === question.record.plan && changeId === question.changeId;
}

/**
 * With a reservation of before: the world may have changed since. What may have been sent is looked for all the same, whatever
 * the guards say, and whether they can be asked or not.
 */
async function admitAgain(guard: Guard, account: PurchaseAccount, session: Session, purchase: Purchase): Promise<Admission> {
  const [asked] = await Promise.allSettled([heldBack(guard, purchase, session)]);
  if (asked.status === "fulfilled" && !asked.value) return { mayBuy: true, purchase };
  if (!(await isUnsent(account, session, purchase))) return { mayBuy: false, purchase };
  if (asked.status === "rejected") throw asked.reason;
  const wait = asked.value!;
  await inTransaction(guard.pool, async (db) => {
    await markWaiting(db, purchase.purchaseId, wait.kind);
    await endProbe(db);
  });
  return { wait, mayBuy: false, purchase };
}

/** By the account's word: nothing can have been bought yet. */
async function isUnsent(account: PurchaseAccount, session: Session, { hostname }: Purchase): Promise<boolean> {
  const { state } = await account.read(session, hostname);
  return state === "none" || state === "intended";
}

async function endReservation({ pool }: Guard, { purchaseId }: Purchase): Promise<void> {
  await inTransaction(pool, async (db) => {
    await markEnded(db, purchaseId, "released");
    await endProbe(db);
  });
}

/** In the account first: should this process die before the books say so, it is done once more. */
async function applyDecision({ pool }: Guard, account: PurchaseAccount, session: Session, { record, needsPurchase }: PurchaseQuestion, purchase: Purchase): Promise<Purchase | undefined> {
  const { purchaseId, userId, hostname, decision, decidedVmId, decidedBy, decidedWhy } = purchase;
  if (decision === "vm") await refuseUnfit(pool, session, record, decidedVmId!);
  await account.resolve(session, hostname, { kind: decision!, vmId: decidedVmId, by: decidedBy ?? "an operator", why: decidedWhy ?? "none given" });
  if (decision === "vm") await markDecidedVm(pool, purchaseId);
  else await markEnded(pool, purchaseId, "written_off");
  if (decision === "give-up" && needsPurchase) throw new UserVpsError("CANCELLED", `The purchase was given up by ${decidedBy}: ${decidedWhy}.`, { next: "Have an operator retry it, if the user is to have a VPS after all." });
  return await findOpenPurchase(pool, userId);
}

/** While nothing is written down yet: another decision can be made then. Whose it is may have changed since it was named. */
async function refuseUnfit(db: Queryable, session: Session, record: VpsRecord, vmId: number): Promise<void> {
  const next = "Decide again: name another VM, or buy again, or give it up.";
  if (await isOrWasVmOfAnother(db, record.userId, vmId)) throw new UserVpsError("VM_NOT_OURS", `VM ${vmId}, named for ${record.hostname}, is another user's, or named for one, or holds another user's data.`, { next });
  refuseMismatch(record, await getVm(session, vmId, record.hostname));
}
