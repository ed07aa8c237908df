import type { VirtualMachine } from "../../../providers/hostinger/api/client.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { isGone } from "../../../providers/hostinger/vm-state.ts";
import { getVm } from "../../../providers/hostinger/wait-for-running.ts";

/**
 * The VM of this id; undefined if there is none any more.
 *
 * @param isNew it was sold a short while ago: Hostinger may not find it yet
 */
export async function findVm(session: Session, { vmId, hostname }: { readonly vmId: number; readonly hostname: string }, { isNew = false } = {}): Promise<VirtualMachine | undefined> {
  try {
    return await getVm(session, vmId, hostname, { isNew });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
