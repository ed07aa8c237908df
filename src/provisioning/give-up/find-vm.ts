import type { VirtualMachine } from "../../../providers/hostinger/api/client.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { isGone } from "../../../providers/hostinger/vm-state.ts";
import { getVm } from "../../../providers/hostinger/wait-for-running.ts";

/** The VM of this id; undefined if there is none any more. */
export async function findVm(session: Session, { vmId, hostname }: { readonly vmId: number; readonly hostname: string }): Promise<VirtualMachine | undefined> {
  try {
    return await getVm(session, vmId, hostname);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
