/** A span for each request of the API, by route and not by address. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { openSpan, withinSpan } from "../../providers/core/tracing.ts";
import type { OpenSpan } from "../../providers/core/span.ts";

/** Undefined for what is no part of the API. */
function spanOf({ id, method, headers: { traceparent }, routeOptions: { url: route } }: FastifyRequest): OpenSpan | undefined {
  if (!route?.startsWith("/api/")) return undefined;
  return openSpan({
    name: `${method} ${route}`,
    kind: "server",
    parent: typeof traceparent === "string" ? traceparent : undefined,
    attributes: { "http.request.method": method, "http.route": route, "user_vps.request_id": id },
  });
}

export function traceRequests(app: FastifyInstance): void {
  const spans = new WeakMap<FastifyRequest, OpenSpan>();
  app.addHook("onRequest", (request, _reply, done) => {
    const span = spanOf(request);
    if (span) spans.set(request, span);
    done();
  });
  // Reading the body may have left what the first hook was within.
  app.addHook("preHandler", (request, _reply, done) => {
    const span = spans.get(request);
    if (span) withinSpan(span.traceparent, done);
    else done();
  });
  app.addHook("onResponse", async (request, reply) => {
    const span = spans.get(request);
    span?.set({ "http.response.status_code": reply.statusCode });
    span?.end(reply.statusCode >= 500 ? String(reply.statusCode) : undefined);
  });
}
