import * as pulumi from "@pulumi/pulumi";
import { StoredResource } from "../dynamic/stored-resource.ts";

export interface PtrRecordArgs {
  /** The VM that has the address. */
  vmId: pulumi.Input<number>;
  /** One of the VM's IP addresses. */
  address: pulumi.Input<string>;
  /** The name that the address is to lead back to. */
  hostname: pulumi.Input<string>;
}

/** The reverse DNS entry of one of a VM's addresses (`/virtual-machines/{id}/ptr/{ipAddressId}`). */
export class PtrRecord extends StoredResource {
  declare readonly ipAddressId: pulumi.Output<number>;
  /** As the API last told it; empty if there is none. */
  declare readonly ptr: pulumi.Output<string>;

  constructor(name: string, args: PtrRecordArgs, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { ipAddressId: undefined, ptr: undefined, ...args }, options, "hostinger", "PtrRecord");
  }
}

/** Nothing but the way to the implementation; see virtual-machine.ts for the reason. */
export const provider: pulumi.dynamic.ResourceProvider = {
  async configure(request) {
    const implementation = await import("user-vps/providers/hostinger/ptr-record-provider");
    implementation.configure(request.config);
  },
  async check(olds, news) {
    const implementation = await import("user-vps/providers/hostinger/ptr-record-provider");
    return implementation.check(olds, news);
  },
  async diff(id, olds, news) {
    const implementation = await import("user-vps/providers/hostinger/ptr-record-provider");
    return implementation.diff(id, olds, news);
  },
  async create(inputs) {
    const implementation = await import("user-vps/providers/hostinger/ptr-record-provider");
    return implementation.create(inputs);
  },
  async read(id, props) {
    const implementation = await import("user-vps/providers/hostinger/ptr-record-provider");
    return implementation.read(id, props);
  },
  async update(id, olds, news) {
    const implementation = await import("user-vps/providers/hostinger/ptr-record-provider");
    return implementation.update(id, olds, news);
  },
  async delete(id, props) {
    const implementation = await import("user-vps/providers/hostinger/ptr-record-provider");
    return implementation.delete(id, props);
  },
};
