import * as pulumi from "@pulumi/pulumi";
import { StoredResource } from "../dynamic/stored-resource.ts";
import type { RemoteTask } from "./remote-script-provider.ts";

export interface RemoteScriptArgs {
  /** What it is for: by it its failure is called, and has its limit of time. */
  task: RemoteTask;
  /** Where and how root logs in; secret. */
  connection: pulumi.Input<{ host: string; port: number; user: string; password?: string; privateKey?: string; hostKey: string }>;
  /** Read by `/bin/bash -s`; secret. */
  script: pulumi.Input<string>;
  /** Whatever changes when nothing of what the script has brought is there any more, as after a wipe. */
  machine: pulumi.Input<string>;
  /** Whatever else it is to be run again for. */
  fingerprint?: pulumi.Input<string>;
  /** Besides the login: what the VPS may not have shown in a log. */
  secrets: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * A script that is run on a VPS when it is new, and again when the script, the way in, the machine or the fingerprint
 * changes: also one that has run must find everything done. Nothing is undone when it is deleted.
 */
export class RemoteScript extends StoredResource {
  constructor(name: string, { connection, script, secrets, ...args }: RemoteScriptArgs, options?: pulumi.CustomResourceOptions) {
    const merged = pulumi.mergeOptions(options, { additionalSecretOutputs: ["connection", "script"] });
    super(provider, name, { ...args, connection: pulumi.secret(connection), script: pulumi.secret(script), secrets: pulumi.secret(secrets) }, merged, "user-vps", "RemoteScript");
  }
}

/** Nothing but the way to the implementation; see providers/hostinger/virtual-machine.ts for the reason. */
export const provider: pulumi.dynamic.ResourceProvider = {
  async diff(id, olds, news) {
    const implementation = await import("user-vps/providers/ssh/remote-script-provider");
    return implementation.diff(id, olds, news);
  },
  async create(inputs) {
    const implementation = await import("user-vps/providers/ssh/remote-script-provider");
    return implementation.create(inputs);
  },
  async update(id, olds, news) {
    const implementation = await import("user-vps/providers/ssh/remote-script-provider");
    return implementation.update(id, olds, news);
  },
};
