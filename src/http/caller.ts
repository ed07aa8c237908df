/** Who asks: found out first, then counted against the rate limit, then required. */
import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import type { Caller } from "./authenticate.ts";
import { includesRole, SCOPE_OF_ROLE, type OperatorRole } from "../config/operator-roles.ts";
import { HttpError } from "./http-error.ts";
import { operationOf } from "./operations.ts";
import { byAddress, rateLimit } from "./rate-limit.ts";

/** Of a backend's service token: hands any user over to their page. */
export const HAND_OVER_SCOPE = "vps:hand-over";
export const HAND_OVER_PATH = "/api/vps/hand-over";

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
 * Counts the requests of each user, and of each address of those who are not signed in. A backend that hands users over
 * comes as often as they all sign in: there, each of them is counted in its place (handOverRoute).
 */
export function limitRate(app: FastifyInstance, perMinute: number): onRequestAsyncHookHandler {
  const refusal = `More than ${perMinute} requests came within a minute.`;
  const countUser = rateLimit(app, { perMinute, refusal, keyOf: (request) => callerOf(request).userId });
  const countAddress = rateLimit(app, { perMinute, refusal, keyOf: byAddress });
  return async (request) => {
    if (!handsOthersOver(request)) await (request.caller ? countUser : countAddress)(request);
  };
}

/** By a service token. */
export function handsOthersOver({ caller, routeOptions }: FastifyRequest): boolean {
  return routeOptions.url === HAND_OVER_PATH && caller?.scopes.has(HAND_OVER_SCOPE) === true;
}

export const requireCaller: onRequestAsyncHookHandler = async (request) => {
  if (!request.caller) throw refusals.get(request);
};

/** Holds every route to the table of operations; one that is not in it is for owners alone. */
export const requireRole: onRequestAsyncHookHandler = async (request) => {
  const who = operationOf(request.method, request.routeOptions.url ?? "")?.who ?? "owner";
  if (who !== "anybody" && who !== "user") refuseWithoutRole(callerOf(request), who);
};

export function refuseWithoutRole({ role }: Caller, least: OperatorRole): void {
  if (includesRole(role, least)) return;
  throw new HttpError("SCOPE_MISSING", `This takes the role '${least}' (a token with the scope '${SCOPE_OF_ROLE[least]}'), and ${role === undefined ? "the caller is no operator" : `the caller's is '${role}'`}.`);
}

/** The caller of a route behind `requireCaller`. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error("The route is not behind requireCaller.");
  return request.caller;
}
