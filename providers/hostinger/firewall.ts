import * as pulumi from "@pulumi/pulumi";
import { StoredResource } from "../dynamic/stored-resource.ts";
import type { FirewallRuleRequest } from "./api/client.ts";

/** Lets in what it describes; everything that no rule lets in is dropped. */
export type FirewallRule = FirewallRuleRequest;

export interface HostingerFirewallArgs {
  /** Name in the account; a firewall that already has it is taken over. */
  name: pulumi.Input<string>;
  /** The VM on which it is active. */
  vmId: pulumi.Input<number>;
  /** At least one; their order means nothing. */
  rules: pulumi.Input<readonly FirewallRule[]>;
}

/** A firewall of Hostinger's network, in front of one VM (`/api/vps/v1/firewall`). */
export class HostingerFirewall extends StoredResource {
  declare readonly firewallId: pulumi.Output<number>;
  declare readonly name: pulumi.Output<string>;
  declare readonly rules: pulumi.Output<FirewallRule[]>;
  /** Whether the VM is behind it. */
  declare readonly active: pulumi.Output<boolean>;
  /** False while the VM still runs with older rules. */
  declare readonly synced: pulumi.Output<boolean>;

  constructor(name: string, args: HostingerFirewallArgs, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { firewallId: undefined, active: undefined, synced: undefined, ...args }, options, "hostinger", "HostingerFirewall");
  }
}

/** Nothing but the way to the implementation; see virtual-machine.ts for the reason. */
export const provider: pulumi.dynamic.ResourceProvider = {
  async configure(request) {
    const implementation = await import("user-vps/providers/hostinger/firewall-provider");
    implementation.configure(request.config);
  },
  async check(olds, news) {
    const implementation = await import("user-vps/providers/hostinger/firewall-provider");
    return implementation.check(olds, news);
  },
  async diff(id, olds, news) {
    const implementation = await import("user-vps/providers/hostinger/firewall-provider");
    return implementation.diff(id, olds, news);
  },
  async create(inputs) {
    const implementation = await import("user-vps/providers/hostinger/firewall-provider");
    return implementation.create(inputs);
  },
  async read(id, props) {
    const implementation = await import("user-vps/providers/hostinger/firewall-provider");
    return implementation.read(id, props);
  },
  async update(id, olds, news) {
    const implementation = await import("user-vps/providers/hostinger/firewall-provider");
    return implementation.update(id, olds, news);
  },
  async delete(id, props) {
    const implementation = await import("user-vps/providers/hostinger/firewall-provider");
    return implementation.delete(id, props);
  },
};
