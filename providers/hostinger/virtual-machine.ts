import * as pulumi from "@pulumi/pulumi";
import { StoredResource } from "../dynamic/stored-resource.ts";

export interface VirtualMachineArgs {
  /** Catalog price item, for example `hostingercom-vps-kvm1-usd-1m`. A change would buy another VM: refused, see allowReplaceOf. */
  plan: pulumi.Input<string>;
  /** OS template. A change would wipe the VM: refused, see allowRecreateOf. */
  templateId: pulumi.Input<number>;
  /** A change would buy another VM: refused, see allowReplaceOf. */
  dataCenterId: pulumi.Input<number>;
  /** Fully qualified, lower case. A VM that has it already is taken over only by importId. Changed in place. */
  hostname: pulumi.Input<string>;
  /** The Cloudflare zone in which the host name will get its record: a record of the name that is there already refuses the purchase, as does a zone that the name is not of. */
  zoneId?: pulumi.Input<string>;
  /** At least 12 characters with upper case, lower case and a digit; Hostinger refuses leaked ones. Changed in place. */
  rootPassword: pulumi.Input<string>;
  /** Runs at first boot. A change would wipe the VM: refused, see allowRecreateOf. */
  postInstallScriptId?: pulumi.Input<number>;
  /** The script's content: it is written to the account before a VM is installed with it, wherever a ScriptStub stands for it. */
  postInstallScript?: pulumi.Input<string>;
  /** Any text that changes when the script has to run again; a change would wipe the VM. */
  postInstallFingerprint?: pulumi.Input<string>;
  /** Any text; another one wipes the VM and installs it anew: refused, see allowRecreateOf. */
  recreation?: pulumi.Input<string>;
  /** Weekly backups, set at first setup only (default true). */
  enableBackups?: pulumi.Input<boolean>;
  /** Whether the subscription renews itself (default true). Changed in place. */
  autoRenew?: pulumi.Input<boolean>;
  /** OpenSSH format; one of root's keys. A new one takes its place on the VM, and the old one is removed. */
  sshPublicKey?: pulumi.Input<string>;
  /** The key's name in the account (default `spoq-deploy`). */
  sshPublicKeyName?: pulumi.Input<string>;
  /** Pays for the purchase; default: the account's default method. */
  paymentMethodId?: pulumi.Input<number>;
  /** Takes over this VM instead of buying one. (Pulumi's own `import` does not work with dynamic providers.) */
  importId?: pulumi.Input<number>;
  /**
   * The VM of `importId` was given up and wiped: it is installed anew, with the script, when it is
   * taken over (default false). Refused for a VM that still has a host name of somebody else's.
   */
  importWiped?: pulumi.Input<boolean>;
  /** With `false` a purchase that was made is gone on with, and none is made (default true). */
  allowPurchase?: pulumi.Input<boolean>;
  /** The id of the VM that may be wiped to apply a change. Good for that VM alone. */
  allowRecreateOf?: pulumi.Input<number>;
  /** The id of the VM that may be given up for a newly bought one. Good for that VM alone. */
  allowReplaceOf?: pulumi.Input<number>;
  /** Wipe the VM when it is deleted from the stack (default false: it is stopped and keeps its data). */
  wipeOnDelete?: pulumi.Input<boolean>;
  /** May the VM be given up by a deletion from the stack? With `false` (the default) it is refused, whatever Pulumi's `protect` says. */
  allowDelete?: pulumi.Input<boolean>;
  /** Whose VM it is (default: this resource of this stack). A purchase for the same host name that another owner has left open is not gone on with. */
  owner?: pulumi.Input<string>;
}

/**
 * A Hostinger VPS: bought, at most once, then awaited until it runs and has an address. Deleting it stops it and ends its auto-renewal: the API has no delete.
 */
export class VirtualMachine extends StoredResource {
  declare readonly vmId: pulumi.Output<number>;
  /** `running`, another of Hostinger's states, or `gone`. */
  declare readonly state: pulumi.Output<string>;
  declare readonly ipv4: pulumi.Output<string>;
  declare readonly ipv6: pulumi.Output<string | undefined>;
  declare readonly subscriptionId: pulumi.Output<string | undefined>;
  /** Only known where the purchase was answered. */
  declare readonly orderId: pulumi.Output<string | undefined>;
  declare readonly acquired: pulumi.Output<"bought" | "adopted" | "imported">;
  /** Of its purchase, in the Hostinger account, until it is closed. */
  declare readonly purchaseRecordId: pulumi.Output<number | undefined>;
  declare readonly plan: pulumi.Output<string>;
  declare readonly dataCenterId: pulumi.Output<number>;
  declare readonly templateId: pulumi.Output<number>;
  declare readonly hostname: pulumi.Output<string>;

  constructor(name: string, args: VirtualMachineArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = { vmId: undefined, state: undefined, ipv4: undefined, ipv6: undefined, subscriptionId: undefined, orderId: undefined, acquired: undefined, purchaseRecordId: undefined };
    const merged = pulumi.mergeOptions(options, { additionalSecretOutputs: ["rootPassword", "postInstallScript"] });
    const secrets = { rootPassword: pulumi.secret(args.rootPassword), ...(args.postInstallScript !== undefined && { postInstallScript: pulumi.secret(args.postInstallScript) }) };
    // Of two stacks with one host name, a copied setting, each has to know which purchase is its own.
    const owner = args.owner ?? `${organization()}/${pulumi.getProject()}/${pulumi.getStack()}/${name}`;
    super(provider, name, { ...outputs, ...args, owner, ...secrets }, merged, "hostinger", "VirtualMachine");
  }
}

/** A program's unit tests (`pulumi.runtime.setMocks`) have none unless they give one: then it is what a backend without organizations has. */
function organization(): string {
  try {
    return pulumi.getOrganization();
  } catch {
    return "organization";
  }
}

/**
 * Its text is stored with every resource of every stack. It holds nothing but the way to the
 * implementation, so that no secret gets into it and no change of the code is a diff.
 */
export const provider: pulumi.dynamic.ResourceProvider = {
  async configure(request) {
    const implementation = await import("user-vps/providers/hostinger/virtual-machine-provider");
    implementation.configure(request.config);
  },
  async check(olds, news) {
    const implementation = await import("user-vps/providers/hostinger/virtual-machine-provider");
    return implementation.check(olds, news);
  },
  async diff(id, olds, news) {
    const implementation = await import("user-vps/providers/hostinger/virtual-machine-provider");
    return implementation.diff(id, olds, news);
  },
  async create(inputs) {
    const implementation = await import("user-vps/providers/hostinger/virtual-machine-provider");
    return implementation.create(inputs);
  },
  async read(id, props) {
    const implementation = await import("user-vps/providers/hostinger/virtual-machine-provider");
    return implementation.read(id, props);
  },
  async update(id, olds, news) {
    const implementation = await import("user-vps/providers/hostinger/virtual-machine-provider");
    return implementation.update(id, olds, news);
  },
  async delete(id, props) {
    const implementation = await import("user-vps/providers/hostinger/virtual-machine-provider");
    return implementation.delete(id, props);
  },
};
