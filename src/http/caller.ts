/** Who asks: found out first, then counted against the rate limit, then required. */
import "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import type { Caller } from "./authenticate.ts";
import { HttpError } from "./http-error.ts";

export const ADMIN_SCOPE = "vps:admin";
/** Of a backend's service token: hands any user over to their page. */
export const HAND_OVER_SCOPE = "vps:hand-over";

const refusals = new WeakMap<FastifyRequest, unknown>();

/** Signs the request in, or notes why not: a refusal too is counted before it is answered. */
export function identify(authenticate: (authorization: string | undefined) => Promise<Caller>): onRequestAsyncHookHandler {
  return async (request) => {
    try {
      request.caller = await authenticate(request.headers.authorization);
    } catch (refusal) {
      refusals.set(request, refusal);
    }
  };
}

/**
 * Counts the requests of each user, and of each address of those who are not signed in. Each process
 * counts for itself, so several of them together let more through.
 */
export function limitRate(app: FastifyInstance, perMinute: number): onRequestAsyncHookHandler {
  const count = app.createRateLimit({
    max: perMinute,
    timeWindow: "1 minute",
    keyGenerator: ({ caller, ip }) => (caller ? `user:${caller.userId}` : `address:${ip}`),
  });
  return async (request) => {
    const result = await count(request);
    if (result.isAllowed || !result.isExceeded) return;
    throw new HttpError("RATE_LIMITED", `More than ${perMinute} requests came within a minute.`, { headers: { "retry-after": String(result.ttlInSeconds) } });
  };
}

export const requireCaller: onRequestAsyncHookHandler = async (request) => {
  if (!request.caller) throw refusals.get(request);
};

export const requireAdmin: onRequestAsyncHookHandler = async (request) => {
  if (!callerOf(request).scopes.has(ADMIN_SCOPE)) throw new HttpError("SCOPE_MISSING", `The token lacks the scope '${ADMIN_SCOPE}'.`);
};

/** The caller of a route behind `requireCaller`. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error("The route is not behind requireCaller.");
  return request.caller;
}
