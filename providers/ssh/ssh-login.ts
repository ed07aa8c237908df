import * as pulumi from "@pulumi/pulumi";
import { StoredResource } from "../dynamic/stored-resource.ts";

export interface SshLoginArgs {
  /** Where and how root logs in; secret. */
  connection: pulumi.Input<{ host: string; port: number; user: string; password?: string; privateKey?: string; hostKey: string }>;
  /** Whatever changes when a new server is expected there, as after a wipe: then the login is tried again. */
  machine: pulumi.Input<string>;
}

/**
 * Whether root can log in to a VM that was taken over, before anything is to be done on it: where
 * there is no way in, its credentials cannot be set, and the error says what to do about it.
 */
export class SshLogin extends StoredResource {
  constructor(name: string, args: SshLoginArgs, options?: pulumi.CustomResourceOptions) {
    const merged = pulumi.mergeOptions(options, { additionalSecretOutputs: ["connection"] });
    super(provider, name, { connection: pulumi.secret(args.connection), machine: args.machine }, merged, "user-vps", "SshLogin");
  }
}

/** Nothing but the way to the implementation; see providers/hostinger/virtual-machine.ts for the reason. */
export const provider: pulumi.dynamic.ResourceProvider = {
  async diff(id, olds, news) {
    const implementation = await import("user-vps/providers/ssh/ssh-login-provider");
    return implementation.diff(id, olds, news);
  },
  async create(inputs) {
    const implementation = await import("user-vps/providers/ssh/ssh-login-provider");
    return implementation.create(inputs);
  },
  async update(id, olds, news) {
    const implementation = await import("user-vps/providers/ssh/ssh-login-provider");
    return implementation.update(id, olds, news);
  },
};
