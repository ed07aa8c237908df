import * as pulumi from "@pulumi/pulumi";
import { StoredResource } from "../dynamic/stored-resource.ts";

export interface PostInstallScriptArgs {
  /**
   * Name in the account. Others may have the same: each resource has a script of its own, and leaves theirs alone.
   * Where the answer to its creation is lost, the script is looked for at once, as one of this name and content that
   * was not there before. One that is made by a run that is killed meanwhile stays, and Pulumi warns of a pending
   * creation: remove it in the Hostinger panel.
   */
  name: pulumi.Input<string>;
  /** Nobody else has the name: a script that has it already is taken over or removed, and with this one all of the name go. */
  ownsName?: pulumi.Input<boolean>;
  /** At most 48 KB. Kept as a secret: it is where the credentials travel. */
  content: pulumi.Input<string>;
  /** Takes over this script instead of looking for the name. */
  importId?: pulumi.Input<number>;
  /** No VM is about to be installed with it: the account gets a stub, until one is. */
  asStub?: pulumi.Input<boolean>;
}

/**
 * A post-install script of the Hostinger account. It runs once, when a VM is set up with it;
 * a later change is stored, but reaches a VM only by a wipe.
 */
export class PostInstallScript extends StoredResource {
  declare readonly scriptId: pulumi.Output<number>;
  declare readonly name: pulumi.Output<string>;
  /** SHA-256 of the content, in hex. */
  declare readonly contentSha256: pulumi.Output<string>;

  constructor(name: string, args: PostInstallScriptArgs, options?: pulumi.CustomResourceOptions) {
    const merged = pulumi.mergeOptions(options, { additionalSecretOutputs: ["content"] });
    super(provider, name, { scriptId: undefined, contentSha256: undefined, ...args, content: pulumi.secret(args.content) }, merged, "hostinger", "PostInstallScript");
  }
}

/** Nothing but the way to the implementation; see virtual-machine.ts for the reason. */
export const provider: pulumi.dynamic.ResourceProvider = {
  async configure(request) {
    const implementation = await import("user-vps/providers/hostinger/post-install-script-provider");
    implementation.configure(request.config);
  },
  async check(olds, news) {
    const implementation = await import("user-vps/providers/hostinger/post-install-script-provider");
    return implementation.check(olds, news);
  },
  async diff(id, olds, news) {
    const implementation = await import("user-vps/providers/hostinger/post-install-script-provider");
    return implementation.diff(id, olds, news);
  },
  async create(inputs) {
    const implementation = await import("user-vps/providers/hostinger/post-install-script-provider");
    return implementation.create(inputs);
  },
  async read(id, props) {
    const implementation = await import("user-vps/providers/hostinger/post-install-script-provider");
    return implementation.read(id, props);
  },
  async update(id, olds, news) {
    const implementation = await import("user-vps/providers/hostinger/post-install-script-provider");
    return implementation.update(id, olds, news);
  },
  async delete(id, props) {
    const implementation = await import("user-vps/providers/hostinger/post-install-script-provider");
    return implementation.delete(id, props);
  },
};
