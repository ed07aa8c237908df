import { refuseMismatch, isLost } from "../../../providers/hostinger/search.ts";
import { isHostingersOwn } from "../../../providers/hostinger/hostname.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { getVm } from "../../../providers/hostinger/wait-for-running.ts";
import { DAY_MS } from "../../../providers/core/time.ts";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { subscriptionOf } from "../../../providers/hostinger/renewal.ts";
import { inTransaction } from "../../db/index.ts";
import { claimedSpareVm, claimSpareVm, hasEarlierRun, refuseSpareVm, saveVpsResult } from "../../records/index.ts";
import type { SpareVm } from "../../records/index.ts";
import type { OperationContext } from "../operation.ts";

/**
 * The wiped VM that the user gets in place of a purchase, bound to the user from here on; undefined
 * if there is none, or if reuse is off. Only the first run of a request is given one: a later run
 * may be about a VM that was bought already.
 */
export async function takeSpareVm({ pool, settings, record, hooks }: OperationContext, session: Session): Promise<number | undefined> {
  const claimed = await claimedSpareVm(pool, record);
  if (claimed) return claimed.vmId;
  if (record.hostingerVmId !== null || !settings.reuseWipedVms || (await hasEarlierRun(pool, record, hooks.runId))) return undefined;
  for (;;) {
    const taken = await inTransaction(pool, async (db) => {
      const spare = await claimSpareVm(db, record, settings.reuseLeastDays);
      if (!spare) return { vmId: undefined };
      const fault = await faultOf(session, spare, settings.reuseLeastDays);
      if (fault === undefined) {
        await saveVpsResult(db, record.userId, { hostingerVmId: spare.vmId });
        return { vmId: spare.vmId };
      }
      session.report(`VM ${spare.vmId} is not reused: ${fault}`);
      await refuseSpareVm(db, spare.giveUpId, fault);
      return undefined;
    });
    if (taken) return taken.vmId;
  }
}

/** Why the VM is not what the record says, by Hostinger; undefined if it is. */
async function faultOf(session: Session, { vmId, hostname, plan, templateId, dataCenterId }: SpareVm, leastDays: number): Promise<string | undefined> {
  try {
    const vm = await getVm(session, vmId, hostname);
    if (isLost(vm) || vm.state !== "stopped") return `it is '${vm.state}', expected 'stopped'`;
    if (!isHostingersOwn(vm.hostname)) return `it has the host name ${vm.hostname} again`;
    refuseMismatch({ plan, templateId, dataCenterId, hostname }, vm);
    const { paidUntil } = await subscriptionOf(session, { vmId, hostname });
    const paidMs = paidUntil === undefined ? 0 : Date.parse(paidUntil) - Date.now();
    return paidMs >= leastDays * DAY_MS ? undefined : `it is paid until ${paidUntil ?? "nobody knows when"}`;
  } catch (error) {
    if (error instanceof UserVpsError && ["VM_GONE", "VM_MISMATCH"].includes(error.code)) return error.message;
    throw error;
  }
}
