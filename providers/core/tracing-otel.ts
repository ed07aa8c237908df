/** OpenTelemetry's part of tracing.ts, which alone loads it. */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { SpanContext } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } from "@opentelemetry/sdk-trace-base";
import type { OpenSpan, SpanWish, Tracer } from "./span.ts";
import { SECOND_MS } from "./time.ts";

const KINDS = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER } as const;
const DELAY_MS = 1 * SECOND_MS;
const LIMIT_MS = 5 * SECOND_MS;

type Environment = Readonly<Record<string, string | undefined>>;

export function openTracer(url: string, env: Environment): Tracer {
  const exporter = new OTLPTraceExporter({ url, headers: pairs(env["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] || env["OTEL_EXPORTER_OTLP_HEADERS"]), timeoutMillis: LIMIT_MS });
  const processor = new BatchSpanProcessor(exporter, { scheduledDelayMillis: DELAY_MS, exportTimeoutMillis: LIMIT_MS });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ ...pairs(env["OTEL_RESOURCE_ATTRIBUTES"]), "service.name": env["OTEL_SERVICE_NAME"] || "user-vps" }),
    sampler: samplerOf(env),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer("user-vps");
  return {
    start({ name, kind = "internal", attributes = {}, parent }: SpanWish): OpenSpan {
      const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContextOf(parent));
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes: withoutUndefined(attributes) }, context);
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`,
        set: (more) => void span.setAttributes({ ...more }),
        end(failed) {
          if (failed !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failed });
          span.end();
        },
      };
    },
    flush: () => processor.forceFlush(),
  };
}

/** As the variables' names have it everywhere; all unless told. */
function samplerOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: ratio }: Environment) {
  const root = name?.endsWith("traceidratio") ? new TraceIdRatioBasedSampler(Number(ratio ?? 1)) : new AlwaysOnSampler();
  return new ParentBasedSampler({ root });
}

function spanContextOf(traceparent: string): SpanContext {
  const [, traceId = "", spanId = "", flags = "00"] = traceparent.split("-");
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

/** `key=value,key2=value2`, values percent-encoded. */
function pairs(list: string | undefined): Record<string, string> {
  const entries = (list ?? "").split(",").map((part) => part.split("=", 2).map((text) => text.trim())).filter(([key, value]) => key && value);
  return Object.fromEntries(entries.map(([key, value]) => [key!, decoded(value!)]));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withoutUndefined(attributes: NonNullable<SpanWish["attributes"]>): Record<string, string | number> {
  return Object.fromEntries(Object.entries(attributes).filter((entry): entry is [string, string | number] => entry[1] !== undefined));
}
