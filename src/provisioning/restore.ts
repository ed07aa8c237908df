import { UserVpsError } from "../../providers/core/errors.ts";
import { runAction } from "../../providers/hostinger/run-action.ts";
import type { OperationContext, OperationKind, OperationResult } from "./operation.ts";
import { refuseNamesOfOthers } from "./own-vms.ts";
import { callsOf } from "./power.ts";

/**
 * Puts the user's VM back to its snapshot; the stack is not touched. A run that was lost is not done
 * again: the user may have worked on what it restored.
 */
export const restore: OperationKind = {
  from: ["ready", "failed"],
  waiting: undefined,
  async run({ pool, vms, record, hooks, recorder, isRepetition }: OperationContext): Promise<OperationResult> {
    const { hostingerVmId: vmId, hostname } = record;
    if (!vmId) throw new UserVpsError("INPUT_INVALID", `There is no VM of ${hostname} yet.`, { next: "Wait until it is ready." });
    if (isRepetition) throw new UserVpsError("CANCELLED", `Restoring ${hostname} was begun and cut off; done again, it could undo what was changed since.`, { next: "See whether it is as it was at the snapshot, and ask for it again if not." });
    const session = vms.openSession({ ...callsOf(hooks), report: (text) => recorder.onLine(text) });
    await refuseNamesOfOthers(pool, session, record, [vmId], { what: "put back" });
    const { snapshot: calls } = session.client.virtualMachines;
    const call = { signal: session.signal };
    const present = await calls.get(vmId, call);
    if (!present) throw new UserVpsError("INPUT_INVALID", `VM ${vmId} of ${hostname} has no snapshot (any more).`, { next: "Make one first; Hostinger keeps it for some weeks." });
    // A VM that was somebody's before, or a pool's, may have the snapshot of then. A VM has one: where another was made since, this is that one, or a later one.
    if (record.snapshotVmId !== vmId) {
      throw new UserVpsError("INPUT_INVALID", `VM ${vmId} has a snapshot of ${present.createdAt ?? "an unknown time"}, but none was made by the service since ${hostname} was ready for its user, so it may be of before.`, { next: "Make a snapshot first: it takes that one's place." });
    }
    session.report(`${hostname}: goes back to the snapshot of ${present.createdAt ?? "an unknown time"}`);
    await runAction(session, { vmId, hostname }, `restoring the snapshot of VM ${vmId}`, () => calls.restore(vmId, call));
    return { changes: {}, save: async () => undefined };
  },
};
