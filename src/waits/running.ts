/** Who waits for a VM to run: one list of the account's VMs for all of them. */
import type { VirtualMachine } from "../../providers/hostinger/api/client.ts";
import { SECOND_MS } from "../../providers/core/time.ts";

/** States that end by themselves. */
const UNDER_WAY: ReadonlySet<string> = new Set(["creating", "starting", "recreating", "restoring", "unsuspending", "stopping"]);
/** A new VM passes through `initial`; one that stays there has to be set up, by a run. Whatever has come of that, the run has told `initial, …`. */
const INITIAL_GRACE_MS = 20 * SECOND_MS;

export type VmLook =
  | { readonly isOver: false; readonly seen: string }
  /** The next run finds it running if it is there, else it does what is to be done, or says what is wrong. */
  | { readonly isOver: true; readonly isThere: boolean };

/**
 * @param vm as listed; undefined: it is not in the list, which may lack a new one for a while
 * @param seenByRun what the run saw that began to wait: it has done by then what that state asks for, so the same state needs no other run at once
 */
export function lookAtVm(vm: VirtualMachine | undefined, seenByRun: string, waitedMs: number): VmLook {
  if (!vm) return { isOver: false, seen: "not listed yet" };
  if (vm.state === "running") return vm.ipv4[0] ? { isOver: true, isThere: true } : { isOver: false, seen: "running, without an address" };
  // One that is locked takes no orders: a run would see the same, and the next one as well.
  const isStuck = vm.state === "initial" && vm.actionsLock !== "locked" && waitedMs > INITIAL_GRACE_MS && !seenByRun.startsWith("initial, ");
  if (isStuck) return { isOver: true, isThere: false };
  if (vm.state === "initial" || UNDER_WAY.has(vm.state) || seenByRun.startsWith(vm.state)) return { isOver: false, seen: vm.state };
  return { isOver: true, isThere: false };
}
