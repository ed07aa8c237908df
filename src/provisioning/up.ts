import { UserVpsError } from "../../providers/core/errors.ts";
import { HOUR_MS } from "../../providers/core/time.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import { isGone } from "../../providers/hostinger/vm-state.ts";
import { readNow } from "../db/now.ts";
import type { Queryable } from "../db/queryable.ts";
import { beginChange, begunGiveUp, hasUnfinishedUp, hasUpFailedLast, isMemberLetGo, isPoolMemberSetAside, openChange, setVpsStatus } from "../records/index.ts";
import type { VpsChange, VpsRecord } from "../records/index.ts";
import { applyChange, noteActionBefore, noteInstallation, planChange, replacedLeftOvers, stackOfChange } from "./apply-change.ts";
import type { PlannedChange } from "./apply-change.ts";
import { askToBuy } from "./ask-to-buy.ts";
import { declaredStack } from "./declared-stack.ts";
import { takeOver } from "./give-up/take-over.ts";
import type { OperationContext, OperationKind, OperationResult, OperationWait } from "./operation.ts";
import { refuseDoubtedAccount } from "./other-account.ts";
import { refuseNamesOfOthers } from "./own-vms.ts";
import { leaveMember } from "./pool/leave-member.ts";
import { callsOf } from "./power.ts";
import { readOutputs, resultOfUp } from "./up-result.ts";
import type { RanUp } from "./up-result.ts";

/** A signup that goes its way is through by then, and its VM need not be asked for what it is called in each of its runs. */
const LONG_AGO_MS = HOUR_MS;

/** From signup to ready: whatever is missing is made, what is there stays. */
export const up: OperationKind = {
  from: ["queued", "provisioning", "ready"],
  waiting: "queued",
  run: provision,
};

async function provision(context: OperationContext): Promise<OperationResult | OperationWait> {
  const { pool, hooks, recorder, vms } = context;
  const { userId } = context.record;
  // Whoever has asked for it: its stack would take the user's VM back, or buy one for nobody.
  if (await isMemberLetGo(pool, context.record)) {
    recorder.onLine("Nothing is made: the VM is a user's by now, and what is left of the pool's own stack is to end.");
    return { changes: {}, save: async (db) => void (await setVpsStatus(db, userId, { status: "deprovisioning", phase: null }, up.from)) };
  }
  await refuseGivenUp(context);
  // From here on nobody asks for anything else, and what was asked for until now stands in this record.
  const wanted = await setVpsStatus(pool, userId, { status: "provisioning" }, up.from, hooks.runId);
  if (!wanted) {
    recorder.onLine("Nothing is done: it was cancelled, or something else is wanted by now.");
    return { changes: {}, save: async () => undefined };
  }
  recorder.phase("engine");
  const session = vms.openSession({ ...callsOf(hooks), report: (text) => recorder.onLine(text) });
  const { current, change } = await prepare({ ...context, record: wanted }, session);
  const { record } = current;
  const leftOvers = await replacedLeftOvers(current);
  const hasDrifted = await mayHaveDrifted(current);
  if (hasDrifted || (await isOfLongAgo(pool, record))) await refuseNamesOfOthers(pool, session, record, [...(await ownVms(current)), ...leftOvers], { what: "worked on" });
  const planned = change && (await planChange(current, session, change));
  const { wait, mayBuy } = await askToBuy(current, session, planned);
  if (wait) return { wait };
  const ran = await runEngine(current, session, { planned, leftOvers, mayBuy, hasDrifted });
  return await resultOfUp(current, session, { ...ran, planned, leftOvers });
}

async function refuseGivenUp({ pool, record: { userId, username } }: OperationContext): Promise<void> {
  const giveUp = await begunGiveUp(pool, userId);
  if (!giveUp) return;
  throw new UserVpsError("CHANGE_REFUSED", `The VPS of ${username} is being given up since ${giveUp.startedAt?.toISOString()}; making it again would buy another VM.`, {
    next: "Have it given up to its end (POST /api/admin/vps/{username}/deprovision), then ask for a new one.",
  });
}

/** The record says which VM is the user's, how it was installed, and what is to be changed of it. */
async function prepare(context: OperationContext, session: Session): Promise<{ readonly current: OperationContext; readonly change: VpsChange | undefined }> {
  const { pool, record: wanted } = context;
  const free = (await isPoolMemberSetAside(pool, wanted)) ? await leaveMember(context, session) : wanted;
  const taken = await takeOver({ ...context, record: free }, session);
  const own = await noteInstallation({ ...context, record: taken });
  const change = await openChange(pool, own.userId);
  const record = change ? await noteActionBefore({ pool, record: own }, session, change) : own;
  return { current: { ...context, record }, change };
}

/** What was ready once may have drifted since; of what was never ready, the VM may be gone where a run has failed with it. */
async function mayHaveDrifted({ pool, record: { userId, readyAt, hostingerVmId } }: OperationContext): Promise<boolean> {
  return readyAt !== null || (hostingerVmId !== null && (await hasUpFailedLast(pool, userId)));
}

/** It may go on after a restore of the database, since whose backup its VM has become another user's. */
async function isOfLongAgo(db: Queryable, { requestedAt }: VpsRecord): Promise<boolean> {
  return (await readNow(db)).getTime() - requestedAt.getTime() >= LONG_AGO_MS;
}

/** The one that the record names; before that does, the stack's. */
async function ownVms({ engine, record: { username, hostingerVmId } }: OperationContext): Promise<number[]> {
  if (hostingerVmId !== null) return [hostingerVmId];
  return (await engine.vms(username)).filter(({ isLeftOver }) => !isLeftOver).map(({ vmId }) => vmId);
}

interface EngineRun {
  readonly planned: PlannedChange | undefined;
  readonly leftOvers: readonly number[];
  readonly mayBuy: boolean;
  readonly hasDrifted: boolean;
}

async function runEngine(current: OperationContext, session: Session, { planned, leftOvers, mayBuy, hasDrifted }: EngineRun): Promise<RanUp> {
  const { pool, engine, settings, hooks, record, overdue } = current;
  const declared = await declaredStack(pool, record, settings);
  const stack = planned ? stackOfChange(declared, planned) : declared;
  // A rename needs no permission, but is half done from here on as well.
  if (planned?.permission || planned?.change.kind === "rename") await beginChange(pool, planned.change.changeId);
  await engine.clearInterruptedRun(stack, hooks);
  // A run that came to no end may have brought something else to the VPS than what the state holds, as a rename that is taken back.
  const again = (await hasUnfinishedUp(pool, record.userId)) ? (["configuration", "release", "health"] as const) : [];
  const applied = planned?.permission && (await applyChange(current, stack, planned.permission, { mayBuy, leftOvers, again }));
  // A change's permission is good for one run, which therefore waits itself.
  const patience = planned ? "own" : overdue ? (`over:${overdue}` as const) : "none";
  const { changes, outputs } = await engine.up(stack, hooks, { refresh: hasDrifted && !applied, patience, mayBuy, leftOvers, again: applied ? [] : again }).catch(async (error: unknown) => {
    if (isGone(error)) await refuseDoubtedAccount(current, session);
    throw error;
  });
  return { changes: applied ?? changes, outputs: readOutputs(stack.stackName, outputs) };
}
