import type { VirtualMachine } from "./api/client.ts";
import type { NamedVm } from "./run-action.ts";
import type { Session } from "./session.ts";
import { isGone, isLost } from "./vm-state.ts";
import { getVm } from "./wait-for-running.ts";

/**
 * The VM of this id; undefined if there is none any more. Whoever concludes something from that asks
 * here, for an answer of 404 alone says nothing. Errors: those of `getVm` but VM_GONE.
 *
 * @param isNew it was sold a short while ago: Hostinger may not find it yet
 */
export async function findVm(session: Session, { vmId, hostname }: NamedVm, { isNew = false } = {}): Promise<VirtualMachine | undefined> {
  try {
    return await getVm(session, vmId, hostname, { isNew });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** The same, but one that the API still shows as destroyed is none. */
export async function findLiving(session: Session, named: NamedVm): Promise<VirtualMachine | undefined> {
  const vm = await findVm(session, named);
  return vm && !isLost(vm) ? vm : undefined;
}
