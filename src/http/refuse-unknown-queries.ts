import type { FastifyInstance, RouteOptions } from "fastify";
import { z } from "zod";

const NO_FIELDS = z.strictObject({});

/**
 * What an operation does not know in its query is refused, as it is in bodies: with `?plan=kvm8` taken no notice of, the default
 * would be bought. Registered before the routes; those with fields in the query say so themselves.
 */
export function refuseUnknownQueries(app: FastifyInstance): void {
  app.addHook("onRoute", (route: RouteOptions) => {
    if (route.url.startsWith("/api/")) route.schema = { querystring: NO_FIELDS, ...route.schema };
  });
}
