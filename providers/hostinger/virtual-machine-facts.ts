import type { VirtualMachine } from "./api/client.ts";
import type { VirtualMachineFacts } from "./virtual-machine-args.ts";

/** What the VM itself tells: nothing that changes from one look to the next while all is well. */
export function factsOf(vm: VirtualMachine): Omit<VirtualMachineFacts, "orderId" | "acquired" | "purchaseRecordId"> {
  return {
    vmId: vm.id,
    state: vm.state,
    ipv4: vm.ipv4[0]?.address ?? "",
    ipv6: vm.ipv6[0]?.address,
    subscriptionId: vm.subscriptionId ?? undefined,
  };
}
