import * as pulumi from "@pulumi/pulumi";
import { StoredResource } from "../dynamic/stored-resource.ts";

export interface ScriptStubArgs {
  /** The post-install script that is no longer needed in the account. */
  scriptId: pulumi.Input<number>;
  /** Its name, which is then not asked for. */
  scriptName?: pulumi.Input<string>;
  /** Of the VM: whoever comes to here has it in the saved state, so its purchase is closed. */
  purchaseRecordId?: pulumi.Input<number | undefined>;
}

/**
 * Takes a post-install script's content, and the secrets in it, out of the Hostinger account: let
 * it depend on whatever tells that the VM is installed. The PostInstallScript stays as declared, and
 * a VirtualMachine that was given `postInstallScript` writes it anew before it is wiped.
 */
export class ScriptStub extends StoredResource {
  declare readonly isStub: pulumi.Output<boolean>;

  constructor(name: string, args: ScriptStubArgs, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { isStub: undefined, ...args }, options, "hostinger", "ScriptStub");
  }
}

/** Nothing but the way to the implementation; see virtual-machine.ts for the reason. */
export const provider: pulumi.dynamic.ResourceProvider = {
  async configure(request) {
    const implementation = await import("user-vps/providers/hostinger/script-stub-provider");
    implementation.configure(request.config);
  },
  async diff(id, olds, news) {
    const implementation = await import("user-vps/providers/hostinger/script-stub-provider");
    return implementation.diff(id, olds, news);
  },
  async create(inputs) {
    const implementation = await import("user-vps/providers/hostinger/script-stub-provider");
    return implementation.create(inputs);
  },
  async read(id, props) {
    const implementation = await import("user-vps/providers/hostinger/script-stub-provider");
    return implementation.read(id, props);
  },
  async update(id, olds, news) {
    const implementation = await import("user-vps/providers/hostinger/script-stub-provider");
    return implementation.update(id, olds, news);
  },
};
