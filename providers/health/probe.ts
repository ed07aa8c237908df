/** One look at a VPS: DNS, TCP, TLS, HTTP, in this order, up to the first that fails. */
import type { Resolver } from "node:dns/promises";
import type { Socket } from "node:net";
import { messageOf } from "../core/errors.ts";
import { joinSignals } from "../core/join-signals.ts";
import { orAborted } from "../core/or-aborted.ts";
import { inSeconds, SECOND_MS } from "../core/time.ts";
import { checkDns } from "./dns-stage.ts";
import { requestHealth } from "./http-stage.ts";
import type { HealthTarget, ProbeResult, Stage } from "./target.ts";
import { connectTcp } from "./tcp-stage.ts";
import { handshakeTls } from "./tls-stage.ts";

const ATTEMPT_TIMEOUT_MS = 10 * SECOND_MS;

export interface ProbeOptions {
  /** Abandons the probe: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Limit of all stages together, 10 s unless given. */
  readonly timeoutMs?: number;
  /** Asks for each name once: what it keeps of an answer serves nobody else. A resolver of its own unless given. */
  readonly resolver?: Resolver | undefined;
}

/** Probes once. An unhealthy target is a result, not an error. It ends by its limit whatever a stage, or a library below it, waits for. */
export async function probe(target: HealthTarget, options: ProbeOptions = {}): Promise<ProbeResult> {
  const { signal, timeoutMs = ATTEMPT_TIMEOUT_MS } = options;
  signal?.throwIfAborted();
  // Of one that thousands of probes have, nothing may stay with it.
  const ends = joinSignals({ signals: [signal], limitMs: timeoutMs });
  const either = ends.signal;
  const startedMs = performance.now();
  const found: { -readonly [Key in keyof ProbeResult]?: ProbeResult[Key] } = {};
  let stage: Stage = "dns";
  let connection: Socket | undefined;
  try {
    if (!target.byAddress) found.resolvedAddresses = await orAborted(checkDns(target, either, options.resolver), either);
    stage = "tcp";
    connection = await orAborted(connectTcp(target, either), either);
    stage = "tls";
    const secured = await orAborted(handshakeTls(target, connection, either), either);
    // As an object with all that is in it, it would be made a second time.
    const certificate = secured.getPeerX509Certificate();
    if (certificate) found.certificateExpiresAt = new Date(certificate.validTo);
    stage = "http";
    found.status = await orAborted(requestHealth(target, secured, either), either);
    return { ...found, healthy: true, stage: "ok", detail: `status ${found.status}`, durationMs: performance.now() - startedMs };
  } catch (error) {
    signal?.throwIfAborted();
    const timedOut = either.aborted;
    const detail = timedOut ? `no answer within ${inSeconds(timeoutMs)}` : messageOf(error);
    return { ...found, healthy: false, stage, detail, timedOut, durationMs: performance.now() - startedMs };
  } finally {
    ends.leave();
    connection?.destroy();
  }
}
