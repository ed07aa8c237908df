import { findVm } from "../../providers/hostinger/find-vm.ts";
import { inTransaction } from "../db/index.ts";
import { beginGiveUp, discardCredentials, endOpenChange, isMemberLetGo, noteGiveUp, notePoolMemberRetired, setVpsStatus } from "../records/index.ts";
import { giveUpVm, noteVm } from "./give-up/give-up-vm.ts";
import { endPurchases, interruptedPurchases, settleGivenUp } from "./give-up/interrupted-purchase.ts";
import { giveUpReplaced, replacedVmsOf, vmsOfOthers } from "./give-up/replaced-vms.ts";
import type { OperationContext, OperationKind, OperationResult } from "./operation.ts";
import { refuseDoubtedAccount } from "./other-account.ts";
import { letMemberGo } from "./pool/let-member-go.ts";
import { refuseOtherNames } from "./own-vms.ts";
import { callsOf } from "./power.ts";
import { stackRequestOf } from "./stack-request.ts";

/**
 * Gives the user's VPS up, when its grace period is over: DNS record first, then renewal and VM,
 * then script and credentials (all that by the stack's destroy), then the user's data.
 */
export const destroy: OperationKind = {
  from: ["deprovisioning"],
  waiting: "deprovisioning",
  run: deprovision,
};

async function deprovision(context: OperationContext): Promise<OperationResult> {
  const { pool, engine, settings, record, hooks, recorder, vms, dns } = context;
  const { userId, hostname } = record;
  if (await isMemberLetGo(pool, record)) return await letMemberGo(context);
  const giveUp = await inTransaction(pool, (db) => beginGiveUp(db, record));
  // Cancelled, or put off: then another job comes when it is due.
  if (!giveUp) return { changes: {}, save: async () => undefined };
  await setVpsStatus(pool, userId, { status: "deprovisioning" }, destroy.from, hooks.runId);
  const session = vms.openSession({
    ...callsOf(hooks),
    report(text) {
      recorder.onLine(text);
      recorder.onEvent({ kind: "message", severity: "info", text });
    },
  });
  const vmsOfStack = await engine.vms(record.username);
  const purchases = await interruptedPurchases(pool, session, giveUp);
  const bought = purchases.map((purchase) => purchase.vmId).filter((id) => id !== undefined);
  // What was sold a moment ago, Hostinger may not find yet.
  const sold = new Set([...bought, ...vmsOfStack.filter(({ isNew }) => isNew).map((vm) => vm.vmId)]);
  const known = giveUp.vmId ?? record.hostingerVmId ?? vmsOfStack.find(({ isLeftOver }) => !isLeftOver)?.vmId ?? bought[0];
  const ofOthers = await vmsOfOthers(pool, session, giveUp, [...(known === undefined ? [] : [known]), ...vmsOfStack.map((vm) => vm.vmId)]);
  const vm = known === undefined || ofOthers.has(known) ? undefined : await findVm(session, { vmId: known, hostname }, { isNew: sold.has(known) });
  if (!vm) await refuseDoubtedAccount(context, session);
  const vmId = vm?.id;
  const ownOfStack = vmsOfStack.map((vm) => vm.vmId).filter((id) => !ofOthers.has(id));
  const others = await replacedVmsOf(pool, session, giveUp, [...ownOfStack, ...bought], vmId);
  await refuseOtherNames(pool, session, record, [...(vmId === undefined ? [] : [vmId]), ...ownOfStack, ...others], { what: "given up", sold });
  if (vmId !== undefined) await noteVm(pool, session, giveUp, vmId);
  const stack = stackRequestOf(record, settings);
  await engine.clearInterruptedRun(stack, hooks);
  const { changes } = await engine.destroy(stack, hooks, { leavesVm: ownOfStack.length < vmsOfStack.length });
  // One that was made by hand since, no stack knows. Before the VM is wiped: from then on it may become somebody else's.
  const addresses = new Set([record.address, ...vmsOfStack.map(({ address }) => address), ...(vm?.ipv4 ?? []).map(({ address }) => address)].filter((address) => typeof address === "string"));
  for (const address of addresses) if (await dns.removeUnknown({ name: hostname, content: address })) session.report(`a DNS record of ${hostname} that the stack did not know led to ${address}: it is removed`);
  await noteGiveUp(pool, giveUp.giveUpId, {}, "stack_removed_at");
  // First those that nothing is written down of: with the VM's own end all is done.
  for (const other of others) await giveUpReplaced(session, giveUp, other, { isNew: sold.has(other) });
  if (vmId !== undefined) await giveUpVm(pool, session, giveUp, vmId);
  await endPurchases(session, giveUp, purchases);
  return {
    changes,
    async save(db) {
      await settleGivenUp(db, giveUp, purchases);
      await discardCredentials(db, userId);
      await endOpenChange(db, userId, "superseded");
      await notePoolMemberRetired(db, userId);
      await noteGiveUp(db, giveUp.giveUpId, {}, "ended_at");
      await setVpsStatus(db, userId, { status: "deprovisioned", phase: null });
    },
  };
}
