/** Probes again and again until the VPS is healthy, or until a limit. */
import { UserVpsError } from "../core/errors.ts";
import { notYet, type Patience } from "../core/patience.ts";
import { inSeconds, SECOND_MS, sleep } from "../core/time.ts";
import type { Explanation } from "../first-boot/first-boot.ts";
import { probe } from "./probe.ts";
import { STAGE_NAMES, type HealthTarget, type ProbeResult } from "./target.ts";

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5 * SECOND_MS;
const PAUSE_GROWTH = 1.5;
const ATTEMPT_TIMEOUT_MS = 10 * SECOND_MS;
/** The last attempt gets at least this, so a wait may overrun its limit by as much. */
const SHORTEST_ATTEMPT_MS = SECOND_MS;

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Default `own`: probes until the limit. With any other, one probe decides. */
  readonly patience?: Patience;
  /** Asked after every attempt that found the target unhealthy: what the VPS itself tells of the reason. May end the wait by an error. */
  readonly explain?: ((result: ProbeResult, signal: AbortSignal) => Promise<Explanation | undefined>) | undefined;
  /** Called after every attempt that found the target unhealthy. */
  readonly onStage?: ((result: ProbeResult) => void) | undefined;
  /** Ends the wait: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits until a probe passes every stage. The pause between two probes grows from 0.2 s to 5 s and
 * is short again when a further stage is reached.
 *
 * @throws UserVpsError HEALTH_CHECK_FAILED with the stage, the last error, and for how long it has
 *   been at that stage; NOT_YET after one probe if there is no patience
 */
export async function waitUntilHealthy(target: HealthTarget, options: WaitOptions): Promise<ProbeResult> {
  const { timeoutMs, patience = "own", explain, onStage, signal } = options;
  const startedMs = performance.now();
  let stage: ProbeResult["stage"] | undefined;
  let stageSinceMs = startedMs;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const leftMs = timeoutMs - (performance.now() - startedMs);
    const attemptMs = Math.max(SHORTEST_ATTEMPT_MS, Math.min(ATTEMPT_TIMEOUT_MS, leftMs));
    const attemptedMs = performance.now();
    const probed = await probe(target, { signal, timeoutMs: attemptMs });
    if (probed.healthy) return probed;
    const explanation = await explain?.(probed, signal ?? new AbortController().signal);
    const result = explanation === undefined ? probed : { ...probed, detail: `${probed.detail}; ${explanation.text}` };
    if (result.stage !== stage) {
      stage = result.stage;
      stageSinceMs = attemptedMs;
      pauseMs = FIRST_PAUSE_MS;
    }
    onStage?.(result);
    if (patience === "none") throw notYet("health", target.hostname, `${STAGE_NAMES[result.stage]}: ${result.detail}`);
    if (patience === "over") throw tooLate(target, result, timeoutMs, timeoutMs, explanation?.code);
    const nowMs = performance.now();
    const remainingMs = timeoutMs - (nowMs - startedMs);
    if (remainingMs <= 0) throw tooLate(target, result, timeoutMs, nowMs - stageSinceMs, explanation?.code);
    await sleep(Math.min(pauseMs, remainingMs), signal);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * PAUSE_GROWTH);
  }
}

function tooLate(target: HealthTarget, last: ProbeResult, timeoutMs: number, inStageMs: number, code: Explanation["code"]): UserVpsError {
  return new UserVpsError(
    code ?? "HEALTH_CHECK_FAILED",
    `https://${target.hostname}${target.path} was not healthy within ${inSeconds(timeoutMs)}: ` +
      `at ${STAGE_NAMES[last.stage]} for ${inSeconds(inStageMs)}, last: ${last.detail}.`,
  );
}
