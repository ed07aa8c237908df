import { UserVpsError } from "../../../providers/core/errors.ts";
import { findByHostname } from "../../../providers/hostinger/search.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { getVm } from "../../../providers/hostinger/wait-for-running.ts";

/** The user's VM: by its id if that is known, else by the host name, as of a purchase whose run was interrupted. */
export async function findVm(session: Session, { vmId, hostname }: { readonly vmId: number | null; readonly hostname: string }): Promise<number | undefined> {
  if (vmId === null) return (await findByHostname(session, hostname))?.id;
  try {
    return (await getVm(session, vmId, hostname)).id;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

export function isGone(error: unknown): boolean {
  return error instanceof UserVpsError && error.code === "VM_GONE";
}
