import { findPlan, PLANS } from "./api/specification.ts";

/**
 * The inputs of a VirtualMachine as the provider sees them: plain values, checked.
 * Shapes follow `POST /api/vps/v1/virtual-machines` (VPS.V1.VirtualMachine.PurchaseRequest).
 */
export interface VirtualMachineInputs {
  /** Catalog price item id, for example `hostingercom-vps-kvm1-usd-1m`. */
  readonly plan: string;
  readonly templateId: number;
  readonly dataCenterId: number;
  readonly hostname: string;
  /** The Cloudflare zone in which the host name gets its record: other records of the name there refuse the purchase. */
  readonly zoneId?: string;
  readonly rootPassword: string;
  readonly postInstallScriptId?: number;
  /** The script's content, so that it is whole in the account when a VM is installed with it. Secret, and no output. */
  readonly postInstallScript?: string;
  /** Changes when the script would have to run again, which only a wipe can do. */
  readonly postInstallFingerprint?: string;
  /** Any text; another one wipes the VM and installs it anew. */
  readonly recreation?: string;
  readonly enableBackups: boolean;
  readonly autoRenew: boolean;
  readonly sshPublicKeyName?: string;
  readonly sshPublicKey?: string;
  /** Only used by a purchase. Without it Hostinger takes the account's default method. */
  readonly paymentMethodId?: number;
  /** Takes over this VM of the account instead of looking for the host name or buying. */
  readonly importId?: number;
  /** The VM of `importId` is a wiped one: it is installed anew, with the script, when it is taken over. */
  readonly importWiped?: boolean;
  /** May a VM be bought at all? With `false`, `create` adopts or fails. */
  readonly allowPurchase: boolean;
  /** Id of the VM that may be wiped to apply a change. */
  readonly allowRecreateOf?: number;
  /** Id of the VM that may be given up for a newly bought one. */
  readonly allowReplaceOf?: number;
  /** Wipe the VM when it is deleted from the stack. */
  readonly wipeOnDelete: boolean;
  /** Whose VM it is (VirtualMachine names its resource and stack where the program names nobody): an open purchase of another owner for the same host name is never taken over. */
  readonly owner?: string;
  /** May the VM be given up by a deletion from the stack? Without it, `delete` refuses. */
  readonly allowDelete: boolean;
}

export const DEFAULT_INPUTS = {
  enableBackups: true,
  autoRenew: true,
  allowPurchase: true,
  wipeOnDelete: false,
  allowDelete: false,
} as const satisfies Partial<VirtualMachineInputs>;

/** What is known of the VM itself, beside its inputs. Nothing here changes by itself while all is well. */
export interface VirtualMachineFacts {
  readonly vmId: number;
  /** Hostinger's VM state, or `gone`. */
  readonly state: string;
  readonly ipv4: string;
  readonly ipv6: string | undefined;
  readonly subscriptionId: string | undefined;
  readonly orderId: string | undefined;
  /** How the stack came by the VM. */
  readonly acquired: "bought" | "adopted" | "imported";
  /** The record of its purchase in the Hostinger account, until that is closed; see purchase/. */
  readonly purchaseRecordId: number | undefined;
}

export type VirtualMachineOutputs = VirtualMachineInputs & VirtualMachineFacts;

/** `hostingercom-vps-kvm1-usd-1m`, or `kvm1` -> `KVM 1`, the name by which a VM calls its plan; undefined if not known. */
export function planNameOf(itemId: string): string | undefined {
  const known = findPlan(itemId);
  if (known) return known.planName;
  const kvm = /-vps-kvm(\d+)(?:-|$)/.exec(itemId);
  return kvm ? `KVM ${kvm[1]}` : undefined;
}

/** `KVM 4` -> `hostingercom-vps-kvm4-usd-1m`, so that drift is told in the words of the input. */
export function itemIdOfPlanName(planName: string): string {
  return PLANS.find((plan) => plan.planName === planName)?.itemId ?? planName;
}
