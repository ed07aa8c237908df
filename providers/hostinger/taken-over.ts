/**
 * What resources have come to stand for in this run of the engine though it was there before. One that has got another name
 * in its program, or is replaced though nothing of it differs (`--replace`, `pulumi state taint`), takes over what the one
 * of before stands for, whose deletion comes later in the same run: it must leave that be.
 *
 * Noted by `create` alone: a refresh asks for the difference of whatever the state has, also in a run that destroys it.
 */
import { whenEngineIsLeft } from "../core/engine-liveness.ts";
import { reportProgress } from "../core/progress.ts";

type Kind = "VM" | "post-install script" | "firewall" | "reverse DNS entry";

const takenOver = new Set<string>();

function forget(): void {
  takenOver.clear();
}

/** @param id among those of its kind */
export function noteTakenOver(kind: Kind, id: number | string): void {
  takenOver.add(`${kind} ${id}`);
  whenEngineIsLeft(forget);
}

/** Whether another resource of this run stands for it by now; the person is told. */
export function isAnothersNow(kind: Kind, id: number | string): boolean {
  if (!takenOver.has(`${kind} ${id}`)) return false;
  reportProgress(`${kind} ${id} stays: another resource has taken it over`);
  return true;
}
