/** What the API's states of a VM mean, for all who decide by them. */
import { UserVpsError } from "../core/errors.ts";
import type { VirtualMachine } from "./api/client.ts";

type Stateful = Pick<VirtualMachine, "state">;

export const REST_STATES = ["stopped", "suspended", "error", "initial", "gone"] as const;
/** How a VM can be left: by its own stop, or in a state in which nothing runs on it and the API takes no stop. */
export type RestState = (typeof REST_STATES)[number];

const AT_REST: Readonly<Record<string, RestState | undefined>> = {
  stopped: "stopped", suspending: "suspended", suspended: "suspended", error: "error", initial: "initial", destroying: "gone", destroyed: "gone",
};

export const REST_MEANINGS: Readonly<Record<RestState, string>> = {
  stopped: "stopped", suspended: "suspended by Hostinger", error: "in the state 'error'", initial: "without an installation", gone: "gone",
};

/** Recorded as the VM's state by the stack until it has been seen running. */
export const BEING_MADE = "creating";

/** Recorded where the VM does not exist any more; the resource stays until a purchase in its place is allowed. */
export const GONE = "gone";

/** undefined: something runs on it, or is about to. */
export function restStateOf({ state }: Stateful): RestState | undefined {
  return AT_REST[state];
}

/** It is no VM any more, though the API still shows it. */
export function isLost(vm: Stateful): boolean {
  return restStateOf(vm) === "gone";
}

/** Hostinger has suspended it: it takes no orders. */
export function isSuspended(vm: Stateful): boolean {
  return restStateOf(vm) === "suspended";
}

/** An error that says that the VM does not exist any more, of whoever looked for it. */
export function isGone(error: unknown): boolean {
  return error instanceof UserVpsError && error.code === "VM_GONE";
}
