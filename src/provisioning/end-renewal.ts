import { endAutoRenewal } from "../../providers/hostinger/renewal.ts";
import type { NamedVm } from "../../providers/hostinger/run-action.ts";
import type { Session } from "../../providers/hostinger/session.ts";

/** As endAutoRenewal; the run's log says so where the VM may be renewed all the same. */
export async function endRenewal(session: Session, vm: NamedVm): ReturnType<typeof endAutoRenewal> {
  const renewal = await endAutoRenewal(session, vm);
  if (!renewal.isOff) session.report(`VM ${vm.vmId}: it is not known which subscription pays it, so it may be renewed: switch its renewal off in the Hostinger panel`);
  return renewal;
}
