import { UserVpsError } from "../core/errors.ts";
import type { Action } from "./api/client.ts";
import { undefinedIfNotFound } from "./api/not-found.ts";
import type { NamedVm } from "./run-action.ts";
import type { Session } from "./session.ts";
import { getVm } from "./wait-for-running.ts";

/** Newest first. A VM that is there has a list: one that is not found for a moment would make what was ordered look as if it was not. */
export async function actionsOf(session: Session, { vmId, hostname }: NamedVm): Promise<readonly Action[]> {
  const actions = await undefinedIfNotFound(session.client.virtualMachines.actions(vmId, { signal: session.signal }));
  if (actions) return actions;
  await getVm(session, vmId, hostname);
  throw new UserVpsError("VM_NOT_FOUND", `Hostinger finds VM ${vmId} of ${hostname}, but not the list of its actions.`);
}

/** What comes after it was ordered later, whatever clocks tell: PostgreSQL's, Hostinger's and this machine's may differ. 0: it has had none. */
export async function newestActionOf(session: Session, vm: NamedVm): Promise<number> {
  return (await actionsOf(session, vm))[0]?.id ?? 0;
}
