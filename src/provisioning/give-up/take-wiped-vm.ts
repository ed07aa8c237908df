import { specificationState } from "../../../providers/hostinger/api/client.ts";
import { refuseMismatch } from "../../../providers/hostinger/search.ts";
import { isGone, isLost } from "../../../providers/hostinger/vm-state.ts";
import { isHostingersOwn } from "../../../providers/hostinger/hostinger-hostname.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { getVm } from "../../../providers/hostinger/wait-for-running.ts";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { subscriptionOf } from "../../../providers/hostinger/renewal.ts";
import { leastDaysToReuse } from "../../config/reuse-least-days.ts";
import { inTransaction } from "../../db/index.ts";
import { claimWipedVm, findWipedVm, lockVps, mayHaveBought, noteGiveUp, refuseEndedRun, refuseWipedVm, takeOverVm } from "../../records/index.ts";
import type { WipedVm, VpsRecord } from "../../records/index.ts";
import type { OperationContext } from "../operation.ts";
import { refuseDoubtedAccount } from "../other-account.ts";

/** Each one that turns out to be unusable is refused for good, is known by then to be paid for too short, or is somebody else's; beyond that many the user buys one. */
const MOST_CANDIDATES = 10;

/**
 * The wiped VM that the user gets in place of a purchase, bound to the user from here on, as the
 * record with it; undefined if there is none, or if reuse is off. Where an earlier run may have bought
 * one there is none: the user is to get that one.
 */
export async function takeWipedVm(context: OperationContext, session: Session): Promise<VpsRecord | undefined> {
  const { pool, settings, record, hooks } = context;
  if (record.hostingerVmId !== null || !settings.reuseWipedVms || (await mayHaveBought(pool, record))) return undefined;
  const leastDays = leastDaysToReuse(settings, record);
  for (let tried = 0; tried < MOST_CANDIDATES; tried += 1) {
    const wiped = await findWipedVm(pool, record, leastDays);
    if (!wiped) return undefined;
    // Before the transaction, which is to ask nobody but the database: an answer may take minutes.
    const fault = await faultOf(context, session, wiped);
    if (fault !== undefined) {
      session.report(`VM ${wiped.vmId} is not reused: ${fault}`);
      await refuseWipedVm(pool, wiped.giveUpId, fault);
      continue;
    }
    const taken = await inTransaction(pool, async (db) => {
      await lockVps(db, record.userId);
      await refuseEndedRun(db, hooks.runId);
      return (await claimWipedVm(db, record.userId, wiped.giveUpId, leastDays)) && { record: await takeOverVm(db, record.userId, { vmId: wiped.vmId, isWiped: true }) };
    });
    if (taken) return taken.record;
  }
  return undefined;
}

/** Why the VM is not the wiped one that the record tells of, by Hostinger's own word; undefined if it is: then the record has its term as well. */
async function faultOf(context: OperationContext, session: Session, { giveUpId, vmId, hostname, plan, templateId, dataCenterId, wipeActionId }: WipedVm): Promise<string | undefined> {
  const { dns, pool } = context;
  try {
    const vm = await getVm(session, vmId, hostname);
    if (isLost(vm) || vm.state !== "stopped") return `it is '${vm.state}', expected 'stopped'`;
    if (!isHostingersOwn(vm.hostname)) return `it has the host name ${vm.hostname} again`;
    refuseMismatch({ plan, templateId, dataCenterId, hostname }, vm);
    const since = (await session.client.virtualMachines.actions(vmId, { signal: session.signal })).filter(({ id }) => id >= wipeActionId);
    if (!since.some((action) => action.id === wipeActionId && specificationState(action) === "completed")) return `Hostinger does not tell that its wipe, action ${wipeActionId}, has succeeded`;
    const restored = since.find(({ name }) => /restore/i.test(name));
    if (restored) return `it was restored since it was wiped (action ${restored.id}, ${restored.name})`;
    for (const { address } of vm.ipv4 ?? []) {
      const [name] = await dns.namesOf(address);
      if (name !== undefined) return `the name ${name} still leads to its address, ${address}`;
    }
    const { paidUntil } = await subscriptionOf(session, { vmId, hostname });
    if (paidUntil === undefined) return "nobody knows until when it is paid";
    // Whether that is long enough the claim says, by PostgreSQL's time: this machine's may be weeks off.
    await noteGiveUp(pool, giveUpId, { paidUntil: new Date(paidUntil) });
    return undefined;
  } catch (error) {
    if (isGone(error)) await refuseDoubtedAccount(context, session);
    if (error instanceof UserVpsError && ["VM_GONE", "VM_NOT_FOUND", "VM_MISMATCH"].includes(error.code)) return error.message;
    throw error;
  }
}
