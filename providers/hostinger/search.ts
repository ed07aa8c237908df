import { UserVpsError } from "../core/errors.ts";
import { SECOND_MS } from "../core/time.ts";
import type { VirtualMachine } from "./api/client.ts";
import { setupRequest } from "./purchase-request.ts";
import type { Session } from "./session.ts";
import { isHostingersOwn } from "./hostname.ts";
import { planNameOf } from "./virtual-machine-args.ts";
import type { VirtualMachineInputs } from "./virtual-machine-args.ts";

/** A VM in one of these states is no VM any more. */
const LOST_STATES = new Set(["destroying", "destroyed"]);

/** `created_at` is told in whole seconds. */
const CREATED_AT_RESOLUTION_MS = 1 * SECOND_MS;

export function isLost(vm: VirtualMachine): boolean {
  return LOST_STATES.has(vm.state);
}

/** The account's VMs of this host name, the oldest first; `GET /virtual-machines` (unpaged). */
export async function findAllByHostname(session: Session, hostname: string): Promise<VirtualMachine[]> {
  const vms = await session.client.virtualMachines.list({ signal: session.signal });
  return vms.filter((vm) => vm.hostname.toLowerCase() === hostname && !isLost(vm)).sort((a, b) => a.id - b.id);
}

/** The oldest of them. */
export async function findByHostname(session: Session, hostname: string, exceptId?: number): Promise<VirtualMachine | undefined> {
  return (await findAllByHostname(session, hostname)).find(({ id }) => id !== exceptId);
}

/**
 * The API's quirk: when the setup after a purchase fails, the VM is there and paid, in the state
 * `initial` and under a host name of Hostinger's. It is known by its plan and by being younger
 * than the mark of the purchase that was lost. Several users' purchases may have failed at once;
 * setting it up under this host name works for only one of them.
 */
export async function claimUnfinishedPurchase(session: Session, inputs: VirtualMachineInputs, sinceMs: number): Promise<VirtualMachine | undefined> {
  const planName = planNameOf(inputs.plan);
  const candidates = (await session.client.virtualMachines.list({ signal: session.signal }))
    .filter((vm) => vm.state === "initial" && (planName === undefined || vm.plan === planName))
    .filter((vm) => isHostingersOwn(vm.hostname))
    .filter((vm) => Date.parse(vm.createdAt ?? "") >= sinceMs - CREATED_AT_RESOLUTION_MS)
    .sort((a, b) => a.id - b.id);
  for (const vm of candidates) {
    session.report(`${inputs.hostname}: VM ${vm.id} was bought, but never set up; setting it up`);
    try {
      return await session.client.virtualMachines.setup(vm.id, setupRequest(inputs), { signal: session.signal });
    } catch (error) {
      if (!(error instanceof UserVpsError) || error.code !== "API_REJECTED") throw error;
    }
  }
  return undefined;
}

/** A VM that is not as declared is not adopted: what to do about it is for a person to decide. */
export function refuseMismatch(inputs: Pick<VirtualMachineInputs, "plan" | "dataCenterId" | "templateId" | "hostname">, vm: VirtualMachine): void {
  const differences: string[] = [];
  const planName = planNameOf(inputs.plan);
  if (planName && vm.plan && vm.plan !== planName) differences.push(`plan: declared ${planName}, got ${vm.plan}`);
  if (vm.dataCenterId && vm.dataCenterId !== inputs.dataCenterId) differences.push(`data center: declared ${inputs.dataCenterId}, got ${vm.dataCenterId}`);
  if (vm.template && vm.template.id !== inputs.templateId) differences.push(`template: declared ${inputs.templateId}, got ${vm.template.id}`);
  if (differences.length === 0) return;
  throw new UserVpsError("VM_MISMATCH", `VM ${vm.id} is there for ${inputs.hostname}, but not as declared (${differences.join("; ")}).`);
}

/** Whether the VM is of the plan of this catalog item, as far as both are known. */
export function isOfPlan(itemId: string, vm: Pick<VirtualMachine, "plan">): boolean {
  const planName = planNameOf(itemId);
  return planName === undefined || vm.plan === null || vm.plan === planName;
}

export function refuseOtherPlan(itemId: string, vm: VirtualMachine): void {
  if (isOfPlan(itemId, vm)) return;
  throw new UserVpsError("VM_MISMATCH", `VM ${vm.id} is of the plan ${vm.plan}, expected ${planNameOf(itemId)}.`);
}
