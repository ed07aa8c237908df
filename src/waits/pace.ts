import { MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";
import type { VpsWait } from "../records/index.ts";

/** Between two looks at one VPS. */
export const SHORTEST_MS = SECOND_MS / 2;
const LONGEST_MS = 10 * SECOND_MS;
/** Before anything is known of the usual time. */
const EAGER_MS = 3 * MINUTE_MS;
/** Nothing is there much sooner than usual: until then looks are rare. */
const EARLY = 0.6;
const LATE = 2;

/**
 * How long to wait before the next look: short around the usual time, longer the later it gets.
 *
 * @param usualMs undefined: not known
 */
export function pauseMs(waitedMs: number, usualMs: number | undefined): number {
  if (usualMs === undefined) return waitedMs < EAGER_MS ? SHORTEST_MS : LONGEST_MS / 2;
  if (waitedMs < EARLY * usualMs) return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (EARLY * usualMs - waitedMs) / 2));
  if (waitedMs < LATE * usualMs) return SHORTEST_MS;
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, waitedMs / 20));
}

/** Between two lists of VMs, however many wait; a VM that is there within seconds is found within seconds. */
const LIST_INTERVAL_MS = 2 * SECOND_MS;
const LIST_PART_OF_WAIT = 4;

export function listIntervalMs(longestWaitMs: number): number {
  return Math.min(LIST_INTERVAL_MS, Math.max(SHORTEST_MS, longestWaitMs / LIST_PART_OF_WAIT));
}

/** What takes longer than that is looked at by a run, once it takes so many times as long as is usual. */
const SHORTEST_RUN_INTERVAL_MS = 90 * SECOND_MS;
const LATE_FOR_A_RUN = 1.5;

/**
 * What is late is looked at by a run now and then, which can log in to the VPS and read its boot log.
 *
 * @param usualMs undefined: not known
 */
export function wantsRun({ since, ranAt }: Pick<VpsWait, "since" | "ranAt">, usualMs: number | undefined, nowMs: number): boolean {
  const waitedMs = nowMs - since.getTime();
  if (waitedMs < LATE_FOR_A_RUN * (usualMs ?? 0)) return false;
  return nowMs - ranAt.getTime() > Math.max(SHORTEST_RUN_INTERVAL_MS, waitedMs / 3);
}
