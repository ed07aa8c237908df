import { timingSafeEqual } from "node:crypto";
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { Registry } from "prom-client";
import { createAuthenticator } from "../authenticate.ts";
import { ADMIN_SCOPE } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { isInNetworks } from "../networks.ts";

/** GET /metrics, for Prometheus: from METRICS_READERS, or with METRICS_TOKEN or an operator's token. */
export const metricsRoute: FastifyPluginAsync<HttpContext & { readonly registry: Registry }> = async (app, { settings, registry }) => {
  const authenticate = createAuthenticator(settings);

  async function mayRead({ ip, headers: { authorization } }: FastifyRequest): Promise<boolean> {
    if (isInNetworks(ip, settings.metricsReaders)) return true;
    if (settings.metricsToken && isSame(authorization, `Bearer ${settings.metricsToken}`)) return true;
    return (await authenticate(authorization)).scopes.has(ADMIN_SCOPE);
  }

  app.get("/metrics", { schema: { hide: true } }, async (request, reply) => {
    if (!(await mayRead(request))) throw new HttpError("SCOPE_MISSING", `Metrics are for METRICS_READERS, METRICS_TOKEN and tokens with the scope '${ADMIN_SCOPE}'.`);
    return reply.type(registry.contentType).send(await registry.metrics());
  });
};

function isSame(given: string | undefined, expected: string): boolean {
  const [a, b] = [Buffer.from(given ?? ""), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
