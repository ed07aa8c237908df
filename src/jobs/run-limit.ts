import { UserVpsError } from "../../providers/core/errors.ts";
import { MINUTE_MS } from "../../providers/core/time.ts";

/** How long what was asked to end may take for it, before it is killed. */
export const END_GRACE_MS = 1 * MINUTE_MS;

export interface RunLimit {
  /** Aborted, with RUN_TIMED_OUT, when the run is to come to its end. */
  readonly over: AbortSignal;
  /** Aborted when it has had the time for that, too. */
  readonly kill: AbortSignal;
  /** What the work gives, or RUN_TIMED_OUT if it has not ended even after it was killed. */
  hold<T>(work: Promise<T>): Promise<T>;
  clear(): void;
}

/** The limit of one run, whatever it waits for. */
export function startRunLimit(limitMs: number, graceMs: number): RunLimit {
  const over = new AbortController();
  const kill = new AbortController();
  const error = () => new UserVpsError("RUN_TIMED_OUT", `The run did not end within ${Math.round(limitMs / MINUTE_MS)} minutes.`);
  const timers = [
    setTimeout(() => over.abort(error()), limitMs),
    setTimeout(() => kill.abort(over.signal.reason), limitMs + graceMs),
  ];
  return {
    over: over.signal,
    kill: kill.signal,
    async hold(work) {
      const late = new Promise<never>((_resolve, reject) => {
        kill.signal.addEventListener("abort", () => timers.push(setTimeout(() => reject(kill.signal.reason as Error), graceMs)), { once: true });
      });
      return await Promise.race([work, late]);
    },
    clear: () => timers.forEach(clearTimeout),
  };
}
