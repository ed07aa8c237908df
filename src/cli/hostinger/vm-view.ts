import type { VirtualMachine } from "../../../providers/hostinger/api/client.ts";
import { fields, moment } from "../output.ts";

/** How people call it: by its host name, else by its number. */
export function nameOf(vm: Pick<VirtualMachine, "id" | "hostname">): string {
  return vm.hostname || `VM ${vm.id}`;
}

export function vmText(vm: VirtualMachine): string {
  return fields({
    id: vm.id,
    hostname: vm.hostname,
    state: vm.actionsLock === "locked" ? `${vm.state}, locked by an action` : vm.state,
    plan: vm.plan,
    "data center": vm.dataCenterId,
    template: vm.template ? `${vm.template.id} ${vm.template.name}`.trim() : undefined,
    ipv4: vm.ipv4.map(({ address }) => address).join(", "),
    ipv6: vm.ipv6.map(({ address }) => address).join(", "),
    cpus: vm.cpus,
    memory: vm.memoryMb ? `${vm.memoryMb / 1024} GB` : undefined,
    disk: vm.diskMb ? `${vm.diskMb / 1024} GB` : undefined,
    subscription: vm.subscriptionId,
    "created (UTC)": moment(vm.createdAt),
  });
}
