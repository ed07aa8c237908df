import { UserVpsError } from "../../providers/core/errors.ts";
import { makeSnapshot } from "../../providers/hostinger/snapshot.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import type { VpsRecord } from "../records/index.ts";

/**
 * Has Hostinger make a snapshot of the user's VM and waits for its end. A VM has one snapshot: it
 * replaces the one before.
 * Errors: VM_LOCKED, VM_ACTION_FAILED, VM_GONE, API_*.
 */
export async function takeSnapshot(session: Session, { hostingerVmId: vmId, hostname }: Pick<VpsRecord, "hostingerVmId" | "hostname">): Promise<void> {
  if (vmId === null) throw new UserVpsError("VM_GONE", `It is not known which VM is that of ${hostname}, so no snapshot can be made.`, { next: "Run `up` for the user, then release again." });
  await makeSnapshot(session, { vmId, hostname });
}
