import type { VirtualMachine } from "../../providers/hostinger/api/client.ts";
import { findVm } from "../../providers/hostinger/find-vm.ts";
import type { LeftPurchase } from "../../providers/hostinger/purchase/index.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import { inTransaction } from "../db/index.ts";
import { beginGiveUp, discardCredentials, endOpenChange, isMemberLetGo, noteGiveUp, notePoolMemberRetired, setVpsStatus } from "../records/index.ts";
import type { GiveUp } from "../records/index.ts";
import type { StackVm } from "./engine.ts";
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
  const { pool, engine, settings, record, hooks } = context;
  const { userId } = record;
  if (await isMemberLetGo(pool, record)) return await letMemberGo(context);
  const giveUp = await inTransaction(pool, (db) => beginGiveUp(db, record));
  // Cancelled, or put off: then another job comes when it is due.
  if (!giveUp) return { changes: {}, save: async () => undefined };
  await setVpsStatus(pool, userId, { status: "deprovisioning" }, destroy.from, hooks.runId);
  const session = openSession(context);
  const left = await findWhatIsLeft(context, session, giveUp);
  const { vm, vmsOfStack, ownOfStack, replaced, purchases, sold } = left;
  await refuseOtherNames(pool, session, record, [...(vm ? [vm.id] : []), ...ownOfStack, ...replaced], { what: "given up", sold });
  if (vm) await noteVm(pool, session, giveUp, vm.id);
  const stack = stackRequestOf(record, settings);
  await engine.clearInterruptedRun(stack, hooks);
  const { changes } = await engine.destroy(stack, hooks, { leavesVm: ownOfStack.length < vmsOfStack.length });
  await removeUnknownRecords(context, session, left);
  await noteGiveUp(pool, giveUp.giveUpId, {}, "stack_removed_at");
  // First those that nothing is written down of: with the VM's own end all is done.
  for (const vmId of replaced) await giveUpReplaced(session, giveUp, vmId, { isNew: sold.has(vmId) });
  if (vm) await giveUpVm(pool, session, giveUp, vm.id);
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

/** What it does beside the engine is told like the engine's own messages. */
function openSession({ vms, hooks, recorder }: OperationContext): Session {
  return vms.openSession({
    ...callsOf(hooks),
    report(text) {
      recorder.onLine(text);
      recorder.onEvent({ kind: "message", severity: "info", text });
    },
  });
}

/** What there is to be given up. */
interface WhatIsLeft {
  /** The user's VM; undefined: it is gone, or another's by now. */
  readonly vm: VirtualMachine | undefined;
  readonly vmsOfStack: readonly StackVm[];
  /** Of these, the ids of those that are no other's by now. */
  readonly ownOfStack: readonly number[];
  /** VMs beside it that were, or were to be, replaced. */
  readonly replaced: readonly number[];
  readonly purchases: readonly LeftPurchase[];
  /** VMs that were sold a moment ago: Hostinger may not find them yet. */
  readonly sold: ReadonlySet<number>;
}

async function findWhatIsLeft(context: OperationContext, session: Session, giveUp: GiveUp): Promise<WhatIsLeft> {
  const { pool, engine, record } = context;
  const vmsOfStack = await engine.vms(record.username);
  const idsOfStack = vmsOfStack.map(({ vmId }) => vmId);
  const purchases = await interruptedPurchases(pool, session, giveUp);
  const bought = purchases.map(({ vmId }) => vmId).filter((id) => id !== undefined);
  const sold = new Set([...bought, ...vmsOfStack.filter(({ isNew }) => isNew).map(({ vmId }) => vmId)]);
  const known = giveUp.vmId ?? record.hostingerVmId ?? vmsOfStack.find(({ isLeftOver }) => !isLeftOver)?.vmId ?? bought[0];
  const ofOthers = await vmsOfOthers(pool, session, giveUp, [...(known === undefined ? [] : [known]), ...idsOfStack]);
  const vm = known === undefined || ofOthers.has(known) ? undefined : await findVm(session, { vmId: known, hostname: record.hostname }, { isNew: sold.has(known) });
  if (!vm) await refuseDoubtedAccount(context, session);
  const ownOfStack = idsOfStack.filter((id) => !ofOthers.has(id));
  const replaced = await replacedVmsOf(pool, session, giveUp, [...ownOfStack, ...bought], vm?.id);
  return { vm, vmsOfStack, ownOfStack, replaced, purchases, sold };
}

/** Those that were made by hand since, which no stack knows. Before the VM is wiped: from then on it may become somebody else's. */
async function removeUnknownRecords({ dns, hooks, record: { hostname, address } }: OperationContext, session: Session, { vm, vmsOfStack }: WhatIsLeft): Promise<void> {
  const addresses = new Set([address, ...vmsOfStack.map((one) => one.address), ...(vm?.ipv4 ?? []).map((one) => one.address)].filter((one) => typeof one === "string"));
  for (const content of addresses) {
    await hooks.refuseLost?.();
    if (await dns.removeUnknown({ name: hostname, content })) session.report(`a DNS record of ${hostname} that the stack did not know led to ${content}: it is removed`);
  }
}
