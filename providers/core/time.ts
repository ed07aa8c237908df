/** Time in names: every duration in this project says its unit, most are milliseconds. */

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/**
 * For durations on this machine: a clock that nobody sets. A moment of it means nothing elsewhere,
 * and it stands still while the machine is suspended.
 */
export function monotonicMs(): number {
  return performance.now();
}

/** Waits; ends early, with the signal's reason as the error, when the signal is aborted. */
export function sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, durationMs);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** `75_000` -> `75 s`, `1_250` -> `1.3 s`, for messages to people. */
export function inSeconds(durationMs: number): string {
  const seconds = durationMs / SECOND_MS;
  return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
}

/** `2026-01-31T12:00:00.000Z` -> `2026-01-31 12:00:00`, in UTC. */
export function moment(time: string | Date | null | undefined): string | undefined {
  if (!time) return undefined;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString().slice(0, 19).replace("T", " ");
}
