import * as pulumi from "@pulumi/pulumi";
import { StoredResource } from "../dynamic/stored-resource.ts";

export interface SshHostKeyArgs {
  /** Where the SSH server is; a host name or an address. */
  host: pulumi.Input<string>;
  port: pulumi.Input<number>;
  /** Whatever changes when a new server is expected there, as after a wipe: then, and only then, the key is asked for again. */
  machine: pulumi.Input<string>;
}

/**
 * The key by which an SSH server is known: asked for once, and kept. It is trusted on first use;
 * from then on nobody else can pass for the server, nor get its password.
 */
export class SshHostKey extends StoredResource {
  /** As in known_hosts without the name: `ecdsa-sha2-nistp256 AAAA…`. */
  declare readonly hostKey: pulumi.Output<string>;

  constructor(name: string, args: SshHostKeyArgs, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { hostKey: undefined, ...args }, options, "user-vps", "SshHostKey");
  }
}

/** Nothing but the way to the implementation; see providers/hostinger/virtual-machine.ts for the reason. */
export const provider: pulumi.dynamic.ResourceProvider = {
  async diff(id, olds, news) {
    const implementation = await import("user-vps/providers/ssh/ssh-host-key-provider");
    return implementation.diff(id, olds, news);
  },
  async create(inputs) {
    const implementation = await import("user-vps/providers/ssh/ssh-host-key-provider");
    return implementation.create(inputs);
  },
  async update(id, olds, news) {
    const implementation = await import("user-vps/providers/ssh/ssh-host-key-provider");
    return implementation.update(id, olds, news);
  },
};
