import { UserVpsError } from "../core/errors.ts";
import { withoutUndefined } from "../core/initialization-failed.ts";
import type { VirtualMachine } from "./api/client.ts";
import { sameKey } from "./api/ssh-keys.ts";
import { findVm } from "./find-vm.ts";
import type { NamedVm } from "./run-action.ts";
import { currentSession } from "./session.ts";
import type { Session } from "./session.ts";
import { withoutProvider } from "./property-values.ts";
import { isOfPlan } from "./search.ts";
import { itemIdOfPlanName } from "./virtual-machine-args.ts";
import { factsOf } from "./virtual-machine-facts.ts";
import { BEING_MADE, GONE, isLost } from "./vm-state.ts";

type Values = Record<string, unknown>;
export interface ReadResult {
  id: string;
  props: Values;
  /** Given back only where `check` must see the drift; see `driftedInputs`. */
  inputs?: Values;
}

/** Drift in these cannot be repaired without a purchase or a wipe: `check` has to refuse it in preview. */
const GUARDED = ["plan", "dataCenterId", "templateId"] as const;

/** Only inputs without secrets: what a provider gives back as inputs, the engine stores in plain text. */
const OPEN_INPUTS = [
  "plan", "templateId", "dataCenterId", "hostname", "postInstallScriptId", "postInstallFingerprint", "recreation",
  "enableBackups", "autoRenew", "allowPurchase", "wipeOnDelete", "allowDelete", "owner", "sshPublicKey", "sshPublicKeyName",
] as const;

/**
 * Reads the VM and tells what differs from what is known (`props`, the outputs so far).
 * A VM that is gone is not dropped from the stack, because the next `up` would then buy another
 * one: it is reported with the state `gone`, and `check` refuses until a purchase is allowed.
 */
export async function readVirtualMachine(id: string, given: Values): Promise<ReadResult> {
  const session = currentSession();
  const props = withoutProvider(given);
  const named = { vmId: Number(id), hostname: String(props["hostname"]) };
  const vm = props["state"] === BEING_MADE ? await lookUpNew(session, named) : await findVm(session, named);
  if (vm === "not yet") return { id, props };
  if (!vm || isLost(vm)) {
    return { id, props: { ...props, state: GONE }, inputs: { ...openInputs(props), goneVmId: Number(id) } };
  }
  const actual = withoutUndefined({
    ...props,
    ...factsOf(vm),
    ipv4: vm.ipv4[0]?.address ?? props["ipv4"] ?? "",
    plan: vm.plan && !isOfPlan(String(props["plan"]), vm) ? itemIdOfPlanName(vm.plan) : props["plan"],
    dataCenterId: vm.dataCenterId ?? props["dataCenterId"],
    templateId: vm.template?.id ?? props["templateId"],
    hostname: vm.hostname.toLowerCase(),
    autoRenew: (await autoRenewalOf(session, vm)) ?? props["autoRenew"],
    sshPublicKey: await sshPublicKeyOf(session, vm, props["sshPublicKey"]),
  });
  const guardedDrift = props["state"] === GONE || GUARDED.some((property) => actual[property] !== props[property]);
  return { id, props: actual, ...(guardedDrift ? { inputs: openInputs(actual) } : {}) };
}

/** One that has never been seen is not gone where it is not found: the API may take some minutes to find what it has sold. */
async function lookUpNew(session: Session, named: NamedVm): Promise<VirtualMachine | "not yet"> {
  try {
    return (await findVm(session, named)) ?? "not yet";
  } catch (error) {
    if (error instanceof UserVpsError && error.code === "VM_NOT_FOUND") return "not yet";
    throw error;
  }
}

function openInputs(values: Values): Values {
  return withoutUndefined(Object.fromEntries(OPEN_INPUTS.map((name) => [name, values[name]])));
}

async function autoRenewalOf(session: Session, vm: VirtualMachine): Promise<boolean | undefined> {
  if (!vm.subscriptionId) return undefined;
  const subscriptions = await session.client.subscriptions.list({ signal: session.signal });
  return subscriptions.find((subscription) => subscription.id === vm.subscriptionId)?.isAutoRenewed;
}

/**
 * The declared key if it is one of root's keys. Others are the user's own affair. Where the API
 * cannot tell (404 for a VM that does not answer it, or that is not running), it counts as declared.
 */
async function sshPublicKeyOf({ client, signal }: Session, vm: VirtualMachine, declared: unknown): Promise<unknown> {
  if (typeof declared !== "string" || vm.state !== "running") return declared;
  try {
    const keys = await client.sshKeys.list(vm.id, { signal });
    return keys.some((key) => sameKey(key, declared)) ? declared : undefined;
  } catch (error) {
    if (error instanceof UserVpsError && (error.code === "API_NOT_FOUND" || error.code === "API_REJECTED")) return declared;
    throw error;
  }
}
