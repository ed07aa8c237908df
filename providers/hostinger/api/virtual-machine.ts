/** A VM as the API answers it (OpenAPI, `VPS.V1.VirtualMachine.VirtualMachineResource`). */

import { isIP } from "node:net";

import { z } from "zod";

import { idOrNull, idSchema, momentSchema, numberOrNull, stateSchema, textOrNull } from "./fields.ts";

export const VM_STATES = [
  "running", "starting", "stopping", "stopped", "creating", "initial", "error", "suspending", "unsuspending",
  "suspended", "destroying", "destroyed", "recreating", "restoring", "recovery", "stopping_recovery",
] as const;
export type VmState = (typeof VM_STATES)[number] | (string & {});
export type ActionsLock = "unlocked" | "locked" | (string & {});

const addressSchema = z.object({ id: numberOrNull, address: z.string(), ptr: textOrNull });

/** Null and missing become an empty list; what is not an address (yet) is left out. */
function addressesSchema(family: 4 | 6) {
  return z
    .array(addressSchema)
    .nullish()
    .transform((addresses) => (addresses ?? []).filter(({ address }) => isIP(address) === family));
}

export const virtualMachineSchema = z
  .object({
    id: idSchema,
    subscription_id: z.string().nullish().transform((id) => id ?? null),
    firewall_group_id: idOrNull,
    data_center_id: idOrNull,
    plan: textOrNull,
    hostname: z.string().nullish(),
    state: stateSchema.transform((state): VmState => state),
    actions_lock: textOrNull.transform((lock): ActionsLock => lock ?? "unlocked"),
    cpus: numberOrNull,
    memory: numberOrNull,
    disk: numberOrNull,
    bandwidth: numberOrNull,
    ns1: textOrNull,
    ns2: textOrNull,
    ipv4: addressesSchema(4),
    ipv6: addressesSchema(6),
    template: z.object({ id: idSchema, name: z.string().catch("") }).nullish().catch(null),
    created_at: momentSchema,
  })
  .transform((vm) => ({
    id: vm.id,
    subscriptionId: vm.subscription_id,
    firewallGroupId: vm.firewall_group_id,
    dataCenterId: vm.data_center_id,
    /** The plan's name: `KVM 1`. */
    plan: vm.plan,
    /** Empty when there is none. */
    hostname: vm.hostname ?? "",
    state: vm.state,
    actionsLock: vm.actions_lock,
    cpus: vm.cpus,
    memoryMb: vm.memory,
    diskMb: vm.disk,
    /** A month. */
    bandwidthMb: vm.bandwidth,
    ns1: vm.ns1,
    ns2: vm.ns2,
    ipv4: vm.ipv4,
    ipv6: vm.ipv6,
    template: vm.template ?? null,
    /** RFC 3339, by the server's clock. */
    createdAt: vm.created_at,
  }));

export type VirtualMachine = z.output<typeof virtualMachineSchema>;
export type IpAddress = z.output<typeof addressSchema>;
