/** Which web sites' scripts may use the API from a browser: CORS_ORIGINS. */
import cors from "@fastify/cors";
import type { FastifyInstance, FastifyRequest } from "fastify";

const KEPT_SECONDS = 600;

/**
 * By tokens alone: a cookie of this service is never taken from another site, so credentials are not
 * allowed. Pages, login and metrics are for no other site. Registered before the routes.
 */
export async function allowOrigins(app: FastifyInstance, origins: readonly string[] | undefined): Promise<void> {
  if (origins === undefined) return;
  await app.register(cors, {
    delegator: (request: FastifyRequest, answer: (error: Error | null, options: object) => void) => answer(null, {
      origin: isMeant(request) ? [...origins] : false,
      methods: ["GET", "HEAD", "POST", "PUT"],
      allowedHeaders: ["authorization", "content-type", "last-event-id"],
      exposedHeaders: ["x-request-id", "retry-after", "location"],
      maxAge: KEPT_SECONDS,
      preflight: isMeant(request),
    }),
  });
}

/** Any other OPTIONS is refused as every method that an address does not have. */
function isMeant({ method, url, headers }: FastifyRequest): boolean {
  if (!url.startsWith("/api/") && url !== "/openapi.json") return false;
  return method !== "OPTIONS" || (headers.origin !== undefined && headers["access-control-request-method"] !== undefined);
}
