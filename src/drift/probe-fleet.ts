import { SECOND_MS, sleep } from "../../providers/core/time.ts";
import { probe } from "../../providers/health/probe.ts";
import { STAGE_NAMES } from "../../providers/health/target.ts";
import type { HealthTarget } from "../../providers/health/target.ts";
import type { Finding } from "./judge.ts";
import type { FleetUser } from "./users.ts";

export interface ProbeFleetOptions {
  /** What is the same for all: port, path, resolver, trust. */
  readonly target: Omit<HealthTarget, "hostname" | "address">;
  readonly concurrency?: number;
  readonly signal?: AbortSignal | undefined;
}

const CONCURRENCY = 50;
const ATTEMPT_TIMEOUT_MS = 3 * SECOND_MS;
/** A hiccup is no illness: it takes as many failures in a row as the stack's own HealthCheck wants. */
const ATTEMPTS = 3;
const PAUSE_MS = 500;

/** Probes each VPS once, and again where it fails. One finding for each that stays unhealthy. */
export async function probeFleet(users: readonly FleetUser[], { target, concurrency = CONCURRENCY, signal }: ProbeFleetOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  await inParallel(users, concurrency, async (user) => {
    if (!user.address) return;
    const own = { ...target, hostname: user.hostname, address: user.address };
    let result = await probe(own, { signal, timeoutMs: ATTEMPT_TIMEOUT_MS });
    for (let attempt = 1; !result.healthy && attempt < ATTEMPTS; attempt++) {
      await sleep(PAUSE_MS, signal);
      result = await probe(own, { signal, timeoutMs: ATTEMPT_TIMEOUT_MS });
    }
    if (result.healthy) return;
    const { userId, username } = user;
    findings.push({ kind: "Unhealthy", subject: username, userId, username, declared: "healthy", actual: `${STAGE_NAMES[result.stage]}: ${result.detail}` });
  });
  return findings;
}

/** At most `concurrency` at once, in order. Stops at the first that throws. */
export async function inParallel<T>(items: readonly T[], concurrency: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items].reverse();
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, async () => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await work(item);
  }));
}
