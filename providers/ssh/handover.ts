import * as pulumi from "@pulumi/pulumi";
import { StoredResource } from "../dynamic/stored-resource.ts";

export interface HandoverArgs {
  host: pulumi.Input<string>;
  port: pulumi.Input<number>;
  /** How root gets in; secret. */
  login: pulumi.Input<{ password?: pulumi.Input<string>; privateKey?: pulumi.Input<string> }>;
  /** Run as root. It ends with a line `HOST_KEY type base64` for each key that the SSH server has from then on. */
  script: pulumi.Input<string>;
  /** Whatever changes when a new server is expected there, as after a wipe: then its key is asked for anew. Done again it is only for another VM, at another address. */
  machine: pulumi.Input<string>;
}

/** A VM that was somebody else's until now gets an identity of its own, the SSH server's keys with it. */
export class Handover extends StoredResource {
  /** The SSH server's new key, as in known_hosts without the name. */
  declare readonly hostKey: pulumi.Output<string>;

  constructor(name: string, args: HandoverArgs, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { hostKey: undefined, ...args }, options, "user-vps", "Handover");
  }
}

/** Nothing but the way to the implementation; see providers/hostinger/virtual-machine.ts for the reason. */
export const provider: pulumi.dynamic.ResourceProvider = {
  async diff(id, olds, news) {
    const implementation = await import("user-vps/providers/ssh/handover-provider");
    return implementation.diff(id, olds, news);
  },
  async create(inputs) {
    const implementation = await import("user-vps/providers/ssh/handover-provider");
    return implementation.create(inputs);
  },
  async update(id, olds, news) {
    const implementation = await import("user-vps/providers/ssh/handover-provider");
    return implementation.update(id, olds, news);
  },
};
