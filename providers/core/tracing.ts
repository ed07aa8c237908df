/**
 * Traces (OpenTelemetry), where somebody wants them: nothing of it is loaded, and nothing is done, unless
 * OTEL_EXPORTER_OTLP_ENDPOINT is set. A span is known elsewhere by its `traceparent` (W3C Trace Context):
 * in a job, in the row of a run, in the environment of an engine (TRACEPARENT).
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { OpenSpan, SpanWish, Tracer } from "./span.ts";
import { SECOND_MS, sleep } from "./time.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

const FLUSH_LIMIT_MS = 1 * SECOND_MS;

const within = new AsyncLocalStorage<string>();
let tracer: Tracer | undefined;

/** Where spans go, by OTLP over HTTP; undefined: nowhere. */
export function tracesUrl(env: Environment): string | undefined {
  if (env["OTEL_SDK_DISABLED"] === "true") return undefined;
  const base = env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  return env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] || (base ? `${base.replace(/\/+$/, "")}/v1/traces` : undefined);
}

/** From now on, if the environment wants it. */
export async function startTracing(env: Environment): Promise<void> {
  const url = tracesUrl(env);
  if (url === undefined || tracer) return;
  const { openTracer } = await import("./tracing-otel.ts");
  useTracer(openTracer(url, env));
}

/** Sends what has ended; nobody waits long for a receiver that is away. */
export async function flushTracing(): Promise<void> {
  if (!tracer) return;
  const sent = new AbortController();
  await Promise.race([tracer.flush().catch(() => undefined), sleep(FLUSH_LIMIT_MS, sent.signal).catch(() => undefined)]);
  sent.abort();
}

/** Makes the spans from now on; undefined: there are none. */
export function useTracer(one: Tracer | undefined): void {
  tracer = one;
}

export function isTracing(): boolean {
  return tracer !== undefined;
}

/** Of the span that this is within, or of the one that has started this process; undefined where nothing is traced. */
export function currentTraceparent(): string | undefined {
  return tracer && (within.getStore() ?? wellFormed(process.env["TRACEPARENT"]));
}

/** For what begins and ends in different places. undefined: nothing is traced. */
export function openSpan(wish: SpanWish): OpenSpan | undefined {
  return tracer?.start({ ...wish, parent: wellFormed(wish.parent) ?? currentTraceparent() });
}

/** What `work` does is within that span. */
export function withinSpan<T>(traceparent: string, work: () => T): T {
  return within.run(traceparent, work);
}

/** Does the work within a span of its own, which ends with it. */
export async function inSpan<T>(wish: SpanWish, work: (span: OpenSpan | undefined) => Promise<T>): Promise<T> {
  const span = openSpan(wish);
  if (!span) return await work(undefined);
  try {
    const result = await within.run(span.traceparent, () => work(span));
    span.end();
    return result;
  } catch (error) {
    span.end(failureIn(error));
    throw error;
  }
}

/** A code or a kind: messages may tell of more than belongs there. */
function failureIn(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === "string" ? code : typeof name === "string" ? name : "error";
}

function wellFormed(traceparent: string | undefined): string | undefined {
  return traceparent !== undefined && TRACEPARENT.test(traceparent) ? traceparent : undefined;
}
