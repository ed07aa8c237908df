/** Operators' login to the page: a token is exchanged once for a cookie, which the operators' routes then take in its place. */
import type { FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { SECOND_MS } from "../../../providers/core/time.ts";
import { OPERATOR_ROLES } from "../../config/operator-roles.ts";
import { endSession, isSessionEnded } from "../../records/index.ts";
import { readSessionCookie, sessionCookie } from "../../web/session-cookie.ts";
import { linkId, openLoginLink } from "../../web/login-link.ts";
import { isCsrfToken, newSession, openSession, sealSession, sessionId, type OperatorSession } from "../../web/session.ts";
import { refuseWithoutRole } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { byAddress, rateLimit } from "../rate-limit.ts";

export const CSRF_HEADER = "x-csrf-token";

const LOGINS_PER_MINUTE = 10;
const SAFE_METHODS = ["GET", "HEAD"];
const LOGIN = z.union([
  z.strictObject({ token: z.string().min(1).max(8_192).describe("A JWT with the scope of an operator's role.") }),
  z.strictObject({ code: z.string().min(1).max(8_192).describe("Of a link that `user-vps login` has made: it is good once.") }),
]);
const SESSION_VIEW = z.object({ operator: z.string(), role: z.enum(OPERATOR_ROLES), expiresAt: z.iso.datetime(), csrfToken: z.string().describe(`For the header ${CSRF_HEADER} of every change.`), deprovisionGraceHours: z.int() });

export type SessionContext = Pick<HttpContext, "cipher" | "pool">;

/** undefined: there is none, it has expired, or it was ended by logging out. */
export async function sessionOf(request: FastifyRequest, { cipher, pool }: SessionContext): Promise<OperatorSession | undefined> {
  const cookie = readSessionCookie(request);
  const session = cookie === undefined ? undefined : openSession(cipher, cookie);
  return session && !(await isSessionEnded(pool, sessionId(session))) ? session : undefined;
}

/**
 * Signs a request to an operators' route in by its session. A change must also carry the session's
 * CSRF token; a request with a token of its own in Authorization needs neither.
 */
export function acceptSession(context: SessionContext): onRequestAsyncHookHandler {
  return async (request) => {
    if (request.headers.authorization !== undefined || !request.routeOptions.url?.startsWith("/api/admin/")) return;
    const session = await sessionOf(request, context);
    if (!session) return;
    requireCsrfToken(request, session);
    request.caller = { userId: session.userId, username: undefined, vpsPlans: null, scopes: new Set(), role: session.role, expiresAt: session.expiresAt, sessionId: sessionId(session) };
  };
}

/** POST, GET and DELETE /session. */
export const webSessionRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { settings, cipher, pool, authenticate }) => {
  const sessionView = ({ userId, role, expiresAt, csrfToken }: OperatorSession): z.output<typeof SESSION_VIEW> =>
    ({ operator: userId, role, expiresAt: expiresAt.toISOString(), csrfToken, deprovisionGraceHours: settings.deprovisionGraceHours });
  const limit = rateLimit(app, { perMinute: LOGINS_PER_MINUTE, refusal: `More than ${LOGINS_PER_MINUTE} logins were tried within a minute.`, keyOf: byAddress });
  app.addHook("onSend", async (_request, reply) => void reply.header("cache-control", "no-store"));

  async function byToken(token: string): Promise<Parameters<typeof newSession>[0]> {
    const caller = await authenticate(`Bearer ${token.trim()}`);
    refuseWithoutRole(caller, "viewer");
    return { ...caller, role: caller.role! };
  }

  async function useLink(code: string): Promise<Parameters<typeof newSession>[0]> {
    const link = openLoginLink(cipher, code);
    if (!link || !(await endSession(pool, linkId(link), link.expiresAt))) throw new HttpError("UNAUTHENTICATED", "The link has been used already, or is too old: `user-vps login` makes another one.");
    return { ...link, expiresAt: link.sessionEndsAt };
  }

  app.post("/session", {
    schema: { hide: true, body: LOGIN, response: { 200: SESSION_VIEW } },
    onRequest: limit,
  }, async (request, reply) => {
    const session = newSession("code" in request.body ? await useLink(request.body.code) : await byToken(request.body.token));
    const seconds = Math.max(0, Math.floor((session.expiresAt.getTime() - Date.now()) / SECOND_MS));
    request.log.info({ operator: session.userId, role: session.role }, "operator logged in");
    return reply.header("set-cookie", sessionCookie(request, sealSession(cipher, session), seconds)).send(sessionView(session));
  });

  app.get("/session", { schema: { hide: true, response: { 200: SESSION_VIEW } } }, async (request) => {
    const session = await sessionOf(request, { cipher, pool });
    if (!session) throw new HttpError("UNAUTHENTICATED", "There is no session, or it has expired.");
    return sessionView(session);
  });

  app.delete("/session", { schema: { hide: true } }, async (request, reply) => {
    const session = await sessionOf(request, { cipher, pool });
    if (session) {
      requireCsrfToken(request, session);
      await endSession(pool, sessionId(session), session.expiresAt);
    }
    return reply.code(204).header("set-cookie", sessionCookie(request, "", 0)).send();
  });
};

function requireCsrfToken(request: FastifyRequest, session: OperatorSession): void {
  if (SAFE_METHODS.includes(request.method) || isCsrfToken(session, request.headers[CSRF_HEADER])) return;
  throw new HttpError("CSRF_TOKEN_WRONG", `The request is signed in by a cookie, but its header ${CSRF_HEADER} is not the session's.`);
}
