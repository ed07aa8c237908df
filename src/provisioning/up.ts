import { UserVpsError } from "../../providers/core/errors.ts";
import { HOUR_MS } from "../../providers/core/time.ts";
import { isGone } from "../../providers/hostinger/vm-state.ts";
import { beginChange, beginPhase, begunGiveUp, completeChange, hasUnfinishedUp, hasUpFailedLast, isMemberLetGo, isPoolMemberSetAside, notePoolMemberDelivered, notePoolMemberReady, notePaidUntil, openChange, saveCredentials, saveVpsResult, setVpsStatus } from "../records/index.ts";
import type { VpsRecord } from "../records/index.ts";
import { readHostKey } from "./host-key.ts";
import { askToBuy } from "./ask-to-buy.ts";
import { noteCertificate, settleSuccess } from "../purchases/index.ts";
import type { OperationContext, OperationKind, OperationResult, OperationWait } from "./operation.ts";
import { applyChange, noteActionBefore, noteInstallation, planChange, replacedLeftOvers, setReplacedAside, stackOfChange } from "./apply-change.ts";
import { callsOf, endOf } from "./power.ts";
import { declaredStack } from "./declared-stack.ts";
import { OUTPUTS } from "./stack-outputs.ts";
import { refuseDoubtedAccount } from "./other-account.ts";
import { refuseNamesOfOthers } from "./own-vms.ts";
import { leaveMember } from "./pool/leave-member.ts";
import { takeOver } from "./give-up/take-over.ts";

/** A signup that goes its way is through by then, and its VM need not be asked for what it is called in each of its runs. */
const LONG_AGO_MS = HOUR_MS;

/** From signup to ready: whatever is missing is made, what is there stays. */
export const up: OperationKind = {
  from: ["queued", "provisioning", "ready"],
  waiting: "queued",
  run: provision,
};

/** It may go on after a restore of the database, since whose backup its VM has become another user's. */
function isOfLongAgo({ requestedAt }: VpsRecord): boolean {
  return Date.now() - requestedAt.getTime() >= LONG_AGO_MS;
}

/** The one that the record names; before that does, the stack's. */
async function ownVms({ engine, record: { username, hostingerVmId } }: OperationContext): Promise<number[]> {
  if (hostingerVmId !== null) return [hostingerVmId];
  return (await engine.vms(username)).filter(({ isLeftOver }) => !isLeftOver).map(({ vmId }) => vmId);
}

async function provision(context: OperationContext): Promise<OperationResult | OperationWait> {
  const { pool, engine, settings, cipher, hooks, recorder, redactor, vms } = context;
  const { userId } = context.record;
  // Whoever has asked for it: its stack would take the user's VM back, or buy one for nobody.
  if (await isMemberLetGo(pool, context.record)) {
    recorder.onLine("Nothing is made: the VM is a user's by now, and what is left of the pool's own stack is to end.");
    return { changes: {}, save: async (db) => void (await setVpsStatus(db, userId, { status: "deprovisioning", phase: null }, up.from)) };
  }
  const giveUp = await begunGiveUp(pool, userId);
  if (giveUp) {
    throw new UserVpsError("CHANGE_REFUSED", `The VPS of ${context.record.username} is being given up since ${giveUp.startedAt?.toISOString()}; making it again would buy another VM.`, {
      next: "Have it given up to its end (POST /api/admin/vps/{username}/deprovision), then ask for a new one.",
    });
  }
  // From here on nobody asks for anything else, and what was asked for until now stands in this record.
  const wanted = await setVpsStatus(pool, userId, { status: "provisioning" }, up.from, hooks.runId);
  if (!wanted) {
    recorder.onLine("Nothing is done: it was cancelled, or something else is wanted by now.");
    return { changes: {}, save: async () => undefined };
  }
  recorder.phase("engine");
  const session = vms.openSession({ ...callsOf(hooks), report: (text) => recorder.onLine(text) });
  const free = (await isPoolMemberSetAside(pool, wanted)) ? await leaveMember({ ...context, record: wanted }, session) : wanted;
  const taken = await takeOver({ ...context, record: free }, session);
  const own = await noteInstallation({ ...context, record: taken });
  const change = await openChange(pool, userId);
  const record = change ? await noteActionBefore({ pool, record: own }, session, change) : own;
  const current = { ...context, record };
  const leftOvers = await replacedLeftOvers(current);
  // What was ready once may have drifted since; of what was never ready, the VM may be gone where a run has failed with it.
  const mayHaveDrifted = record.readyAt !== null || (record.hostingerVmId !== null && (await hasUpFailedLast(pool, userId)));
  if (mayHaveDrifted || isOfLongAgo(record)) await refuseNamesOfOthers(pool, session, record, [...(await ownVms(current)), ...leftOvers], { what: "worked on" });
  const planned = change && (await planChange(current, session, change));
  const { wait, mayBuy } = await askToBuy(current, session, planned);
  if (wait) return { wait };
  const declared = await declaredStack(pool, record, settings);
  const stack = planned ? stackOfChange(declared, planned) : declared;
  // A rename needs no permission, but is half done from here on as well.
  if (change && (planned?.permission || change.kind === "rename")) await beginChange(pool, change.changeId);
  await engine.clearInterruptedRun(stack, hooks);
  // A run that came to no end may have brought something else to the VPS than what the state holds, as a rename that is taken back.
  const again = (await hasUnfinishedUp(pool, userId)) ? (["configuration", "release", "health"] as const) : [];
  const applied = planned?.permission && (await applyChange(current, stack, planned.permission, { mayBuy, leftOvers, again }));
  // A change's permission is good for one run, which therefore waits itself.
  const patience = change ? "own" : context.overdue ? (`over:${context.overdue}` as const) : "none";
  const { changes, outputs: printed } = await engine.up(stack, hooks, { refresh: mayHaveDrifted && !applied, patience, mayBuy, leftOvers, again: applied ? [] : again }).catch(async (error: unknown) => {
    if (isGone(error)) await refuseDoubtedAccount(context, session);
    throw error;
  });
  const outputs = OUTPUTS.safeParse(printed);
  if (!outputs.success) {
    const names = outputs.error.issues.map(({ path }) => path.join(".")).join(", ");
    throw new UserVpsError("ENGINE_FAILED", `The run of the stack ${stack.stackName} succeeded, but these outputs are not as expected: ${names}.`);
  }
  const { address, hostname, url, vmId, orderId, subscriptionId, password, jwtSecret, credentialsCreatedAt } = outputs.data;
  redactor.add(password, jwtSecret);
  const sshHostKey = await readHostKey(address, settings.sshPort, endOf(hooks));
  const replaced = new Set([...leftOvers, ...(change?.kind === "replace" && vmId !== change.vmId ? [change.vmId] : [])]);
  const paid = new Map<number, Date | undefined>();
  for (const id of replaced) paid.set(id, await setReplacedAside(session, { vmId: id, hostname: record.hostname }));
  return {
    changes: applied ?? changes,
    async save(db) {
      if (planned) await completeChange(db, planned.change, planned);
      for (const [id, paidUntil] of paid) await notePaidUntil(db, userId, id, paidUntil);
      await saveVpsResult(db, userId, {
        address, url, hostingerVmId: vmId,
        ...(sshHostKey && { sshHostKey }),
        // An adopted VM's order is not known; what was once known stays.
        ...(orderId && { hostingerOrderId: orderId }),
        ...(subscriptionId && { subscriptionId }),
      });
      await settleSuccess(db, userId, { vmId, orderId, subscriptionId });
      // What waits in a pool has no name that anybody certifies, and credentials that nobody is ever shown.
      if (record.isPooled) await notePoolMemberReady(db, userId, vmId);
      else {
        await noteCertificate(db, hostname, userId);
        await saveCredentials(db, cipher, userId, { username: "spoq", hostname, password, jwtSecret }, record.credentialsRotation, credentialsCreatedAt);
        if (record.poolMemberId !== null) await notePoolMemberDelivered(db, userId);
      }
      await beginPhase(db, { runId: hooks.runId, userId, phase: "done" });
      await setVpsStatus(db, userId, { status: "ready" });
    },
  };
}
