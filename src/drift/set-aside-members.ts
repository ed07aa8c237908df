import { isLost } from "../../providers/hostinger/vm-state.ts";
import { ofNobody } from "./finding.ts";
import type { Finding } from "./finding.ts";
import type { Observation } from "./observe.ts";

/** VMs from a pool that did not come to be a user's, for as long as the account has them. */
export function setAsideMembers({ setAside = [], vms }: Pick<Observation, "setAside" | "vms">): Finding[] {
  const there = new Map(vms.filter((vm) => !isLost(vm)).map((vm) => [vm.id, vm]));
  return setAside.flatMap(({ username, vmId, claimedByUsername, reason }) => {
    const vm = there.get(vmId ?? NaN);
    return vm ? [ofNobody("PoolMemberSetAside", username, `the VPS of ${claimedByUsername}`, `VM ${vm.id} (${vm.state}): ${reason ?? "no reason is known"}`)] : [];
  });
}
