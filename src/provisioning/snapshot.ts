import { UserVpsError } from "../../providers/core/errors.ts";
import { MINUTE_MS } from "../../providers/core/time.ts";
import { makeSnapshot } from "../../providers/hostinger/snapshot.ts";
import { noteOwnSnapshot } from "../records/index.ts";
import type { OperationContext, OperationKind, OperationResult } from "./operation.ts";
import { refuseNamesOfOthers } from "./own-vms.ts";
import { callsOf } from "./power.ts";

/** So long a request holds, through failures and other runs of the user. */
const LONGEST_MS = 15 * MINUTE_MS;

/** Makes the snapshot of the user's VM, in place of the one that there may be; the stack is not touched. */
export const snapshot: OperationKind = {
  from: ["ready", "failed", "provisioning", "queued"],
  waiting: undefined,
  async run({ pool, vms, record, requestedAt, hooks, recorder, isRepetition }: OperationContext): Promise<OperationResult> {
    const { hostingerVmId: vmId, hostname } = record;
    if (!vmId) throw new UserVpsError("INPUT_INVALID", `There is no VM of ${hostname} yet.`, { next: "Wait until it is ready." });
    const session = vms.openSession({ ...callsOf(hooks), report: (text) => recorder.onLine(text) });
    // Another user's would lose the one that there is.
    await refuseNamesOfOthers(pool, session, record, [vmId], { what: "put into a snapshot" });
    const earlier = await session.client.virtualMachines.snapshot.get(vmId, { signal: session.signal });
    const result: OperationResult = { changes: {}, save: async (db) => await noteOwnSnapshot(db, record) };
    const requestedMs = Date.parse(requestedAt ?? new Date().toISOString());
    // Of a run that was cut off. Another one would be of a later time than was meant. Before a first run there is none:
    // by the clock of whoever asked, which may be behind, an older one would be taken for it.
    if (isRepetition && earlier?.createdAt && Date.parse(earlier.createdAt) >= requestedMs) {
      session.report(`${hostname}: the snapshot of ${earlier.createdAt} is the one that was asked for`);
      return result;
    }
    if (Date.now() - requestedMs > LONGEST_MS) {
      throw new UserVpsError("CANCELLED", `The snapshot of ${hostname} was asked for at ${requestedAt}; by now it might hold what it was to guard against, so none is made.`, { next: "Ask for it again if it is wanted." });
    }
    if (earlier) session.report(`${hostname}: the snapshot of ${earlier.createdAt ?? "an unknown time"} is replaced`);
    await makeSnapshot(session, { vmId, hostname });
    return result;
  },
};
