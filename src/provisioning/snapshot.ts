import { UserVpsError } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";
import { specificationState } from "../../providers/hostinger/api/client.ts";
import { makeSnapshot, snapshotOrderedAfter } from "../../providers/hostinger/snapshot.ts";
import { newestActionOf } from "../../providers/hostinger/vm-actions.ts";
import { noteActionBeforeSnapshot, noteOwnSnapshot, readAskedSnapshot } from "../records/index.ts";
import type { OperationContext, OperationKind, OperationResult } from "./operation.ts";
import { refuseNamesOfOthers } from "./own-vms.ts";
import { callsOf } from "./power.ts";

/** So long a request holds, through failures and other runs of the user. */
const LONGEST_SECONDS = (15 * MINUTE_MS) / SECOND_MS;

/** Makes the snapshot of the user's VM, in place of the one that there may be; the stack is not touched. */
export const snapshot: OperationKind = {
  from: ["ready", "failed", "provisioning", "queued"],
  waiting: undefined,
  async run({ pool, vms, record, sentAt, hooks, recorder }: OperationContext): Promise<OperationResult> {
    const { userId, hostingerVmId: vmId, hostname } = record;
    if (!vmId) throw new UserVpsError("INPUT_INVALID", `There is no VM of ${hostname} yet.`, { next: "Wait until it is ready." });
    const vm = { vmId, hostname };
    const session = vms.openSession({ ...callsOf(hooks), report: (text) => recorder.onLine(text) });
    // Another user's would lose the one that there is.
    await refuseNamesOfOthers(pool, session, record, [vmId], { what: "put into a snapshot" });
    const { afterAction, ageSeconds } = await readAskedSnapshot(pool, userId, sentAt);
    // By a run that was cut off, or did not hear what became of its order. Another one would be of a later time than was meant.
    const ordered = afterAction === null ? undefined : await snapshotOrderedAfter(session, vm, afterAction);
    if (!ordered) {
      if (ageSeconds > LONGEST_SECONDS) {
        throw new UserVpsError("CANCELLED", `The snapshot of ${hostname} was asked for at ${sentAt}; by now it might hold what it was to guard against, so none is made.`, { next: "Ask for it again if it is wanted." });
      }
      if (afterAction === null) await noteActionBeforeSnapshot(pool, hooks.runId, await newestActionOf(session, vm));
      const earlier = await session.client.virtualMachines.snapshot.get(vmId, { signal: session.signal });
      if (earlier) session.report(`${hostname}: the snapshot of ${earlier.createdAt ?? "an unknown time"} is replaced`);
    }
    if (ordered && specificationState(ordered) === "completed") session.report(`${hostname}: the snapshot by action ${ordered.id} is the one that was asked for`);
    else await makeSnapshot(session, vm, ordered);
    return { changes: {}, save: async (db) => await noteOwnSnapshot(db, record) };
  },
};
