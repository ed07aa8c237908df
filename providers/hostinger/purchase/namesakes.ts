import { UserVpsError } from "../../core/errors.ts";
import type { VirtualMachine, VmList } from "../api/client.ts";
import type { Session } from "../session.ts";
import type { VirtualMachineInputs } from "../virtual-machine-args.ts";
import { isLost } from "../vm-state.ts";
import { mayBeOurs } from "./evidence.ts";
import { mayBuy } from "./follow.ts";

/** A host name is no proof of whose a VM is; and one that cannot be read may be just that one. */
export function refuseNamesakes(session: Session, inputs: VirtualMachineInputs, list: VmList): void {
  const { hostname, allowReplaceOf } = inputs;
  const namesake = namesakeOf(inputs, list);
  if (namesake) {
    throw new UserVpsError("VM_NOT_OURS", `VM ${namesake.id} has the host name ${hostname}, but nothing else ties it to this stack.`, {
      next: `If it is meant to be this stack's, \`pulumi config set importVmId ${namesake.id}\`; else give it another host name.`,
    });
  }
  const unreadable = list.odd.find((entry) => entry.id !== allowReplaceOf && mayBeOurs(entry, hostname, []));
  if (unreadable) {
    throw new UserVpsError("API_ANSWER_UNEXPECTED", `An entry in the list of VMs (${unreadable.id ?? "without an id"}) cannot be read (${unreadable.why}), and may be the VM of ${hostname}: nothing is bought.`);
  }
  if (!mayBuy(session, inputs)) throw new UserVpsError("PURCHASE_NOT_ALLOWED", `There is no VM of the host name ${hostname}, and this ${inputs.allowPurchase ? "run" : "stack"} may not buy one.`);
}

export function namesakeOf({ hostname, allowReplaceOf }: VirtualMachineInputs, { vms }: VmList): VirtualMachine | undefined {
  return vms.find((vm) => vm.id !== allowReplaceOf && vm.hostname.toLowerCase() === hostname && !isLost(vm));
}
