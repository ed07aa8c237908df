/** A VM that is no longer a user's, but still holds the user's data, gets a name that is nobody's. */
import { UserVpsError } from "../../../providers/core/errors.ts";
import { findVm } from "../../../providers/hostinger/find-vm.ts";
import { asideName } from "../../../providers/hostinger/own-name.ts";
import { runAction } from "../../../providers/hostinger/run-action.ts";
import type { NamedVm } from "../../../providers/hostinger/run-action.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { getVm } from "../../../providers/hostinger/wait-for-running.ts";
import type { Queryable } from "../../db/queryable.ts";
import { listNamesakes } from "../../records/index.ts";
import type { VpsRecord } from "../../records/index.ts";

const MOST_NAMESAKES = 20;

/** A VM that is gone needs nothing; one that is stopped may not take another name. */
export async function setAside(session: Session, vm: NamedVm): Promise<void> {
  const { vmId } = vm;
  const aside = asideName(vm);
  try {
    if ((await getVm(session, vmId, vm.hostname)).hostname === aside) return;
    await runAction(session, vm, `setting VM ${vmId} aside as ${aside}`, () => session.client.virtualMachines.setHostname(vmId, aside));
  } catch (error) {
    if (!(error instanceof UserVpsError) || !["VM_GONE", "API_REJECTED"].includes(error.code)) throw error;
    session.report(`VM ${vmId} keeps its host name: ${error.message}`);
  }
}

/**
 * VMs that others, or the user, have given up without a wipe, or for another one, and that still
 * have the host name: whatever comes later is not to be taken for them.
 */
export async function setNamesakesAside(db: Queryable, session: Session, { hostname }: Pick<VpsRecord, "hostname">): Promise<void> {
  for (const vmId of await listNamesakes(db, hostname, MOST_NAMESAKES)) {
    const vm = await findVm(session, { vmId, hostname });
    if (vm?.hostname.toLowerCase() === hostname) await setAside(session, { vmId, hostname });
  }
}
