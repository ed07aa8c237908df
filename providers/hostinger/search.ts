import { UserVpsError } from "../core/errors.ts";
import type { VirtualMachine } from "./api/client.ts";
import type { Session } from "./session.ts";
import { planNameOf } from "./virtual-machine-args.ts";
import type { VirtualMachineInputs } from "./virtual-machine-args.ts";
import { isLost } from "./vm-state.ts";

/** The account's VMs of this host name, the oldest first; `GET /virtual-machines` (unpaged). */
export async function findAllByHostname(session: Session, hostname: string): Promise<VirtualMachine[]> {
  const vms = await session.client.virtualMachines.list({ signal: session.signal });
  return vms.filter((vm) => vm.hostname.toLowerCase() === hostname && !isLost(vm)).sort((a, b) => a.id - b.id);
}

/** The oldest of them. */
export async function findByHostname(session: Session, hostname: string, exceptId?: number): Promise<VirtualMachine | undefined> {
  return (await findAllByHostname(session, hostname)).find(({ id }) => id !== exceptId);
}

/** A VM that is not as declared is not adopted: what to do about it is for a person to decide. */
export function refuseMismatch(inputs: Pick<VirtualMachineInputs, "plan" | "dataCenterId" | "templateId" | "hostname">, vm: VirtualMachine): void {
  const differences: string[] = [];
  if (!isOfPlan(inputs.plan, vm)) differences.push(`plan: declared ${planNameOf(inputs.plan)}, got ${vm.plan}`);
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
