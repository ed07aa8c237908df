import { timingSafeEqual } from "node:crypto";
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { Registry } from "prom-client";
import { refuseWithoutRole } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { isInNetworks } from "../networks.ts";

/** GET /metrics, for Prometheus: from METRICS_READERS, or with METRICS_TOKEN or an operator's token. */
export const metricsRoute: FastifyPluginAsync<HttpContext & { readonly registry: Registry }> = async (app, { settings, registry, authenticate }) => {
  async function refuseOthers({ ip, headers: { authorization } }: FastifyRequest): Promise<void> {
    if (isInNetworks(ip, settings.metricsReaders)) return;
    if (settings.metricsToken && isSame(authorization, `Bearer ${settings.metricsToken}`)) return;
    refuseWithoutRole(await authenticate(authorization), "viewer");
  }

  app.get("/metrics", { schema: { hide: true } }, async (request, reply) => {
    await refuseOthers(request);
    return reply.type(registry.contentType).send(await registry.metrics());
  });
};

function isSame(given: string | undefined, expected: string): boolean {
  const [a, b] = [Buffer.from(given ?? ""), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
