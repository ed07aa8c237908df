/** Who waits for a VPS to be healthy: each is probed at its own pace, hundreds at a time, in one process. */
import type { HealthTarget } from "../../providers/health/target.ts";
import { STAGE_NAMES } from "../../providers/health/target.ts";
import { probe } from "../../providers/health/probe.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import type { VpsWait } from "../records/index.ts";
import { pauseMs } from "./pace.ts";

const ATTEMPT_TIMEOUT_MS = 5 * SECOND_MS;
const MOST_AT_ONCE = 200;

export interface HealthProbes {
  /**
   * Probes those whose time has come, without waiting for the answers.
   *
   * @param databaseMs the clock that has written the waits' times
   */
  look(waits: readonly VpsWait[], usualMs: number | undefined, databaseMs: () => number): void;
  stop(): Promise<void>;
}

export interface HealthProbesOptions {
  /** What is the same for all: port, path, resolver, trust. */
  readonly target: Omit<HealthTarget, "hostname" | "address">;
  readonly onHealthy: (wait: VpsWait) => Promise<void>;
  /** `TLS: no certificate yet`. */
  readonly onSeen: (wait: VpsWait, seen: string) => Promise<void>;
  readonly log: (line: string) => void;
}

export function startHealthProbes({ target, onHealthy, onSeen, log }: HealthProbesOptions): HealthProbes {
  const stopped = new AbortController();
  /** By user: when the next look is due, by `performance.now()`. */
  const nextMs = new Map<string, number>();
  const under = new Map<string, Promise<void>>();

  async function lookAt(wait: VpsWait, usualMs: number | undefined, databaseMs: () => number): Promise<void> {
    const result = await probe({ ...target, hostname: wait.hostname, address: wait.address!, byAddress: wait.isPooled }, { signal: stopped.signal, timeoutMs: ATTEMPT_TIMEOUT_MS });
    if (result.healthy) return await onHealthy(wait);
    await onSeen(wait, `${STAGE_NAMES[result.stage]}: ${result.detail}`);
    nextMs.set(wait.userId, performance.now() + pauseMs(databaseMs() - wait.since.getTime(), usualMs));
  }

  return {
    look(waits, usualMs, databaseMs) {
      const nowMs = performance.now();
      const wanted = new Set(waits.map(({ userId }) => userId));
      for (const userId of nextMs.keys()) if (!wanted.has(userId)) nextMs.delete(userId);
      for (const wait of waits) {
        if (under.size >= MOST_AT_ONCE) return;
        if (under.has(wait.userId) || (nextMs.get(wait.userId) ?? 0) > nowMs) continue;
        const look = lookAt(wait, usualMs, databaseMs)
          .catch((error: unknown) => { if (!stopped.signal.aborted) log(`${wait.username} cannot be probed: ${String(error)}`); })
          .finally(() => under.delete(wait.userId));
        under.set(wait.userId, look);
      }
    },
    async stop() {
      stopped.abort();
      await Promise.all(under.values());
    },
  };
}
