/** A backend hands a user over to their page by a code that is good once, which the page exchanges for a cookie of its own. */
import type { FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { MINUTE_MS, SECOND_MS } from "../../../providers/core/time.ts";
import { createHandOver, endSession, isSessionEnded, useHandOver } from "../../records/index.ts";
import { isCsrfToken, sessionId } from "../../web/session.ts";
import { newUserSession, openUserSession, sealUserSession, userSessionCookie, type UserSession } from "../../web/user-session.ts";
import { refusals } from "../answers.ts";
import { callerOf, HAND_OVER_PATH, HAND_OVER_SCOPE, handsOthersOver } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { USERNAME_PARAMS } from "../operated-user.ts";
import { byAddress, rateLimit } from "../rate-limit.ts";
import { USER_ID } from "../texts.ts";
import { CSRF_HEADER } from "./web-session.ts";

const EXCHANGES_PER_MINUTE = 30;
const SAFE_METHODS = ["GET", "HEAD"];
/** What is for the backend alone: a session asks for no VPS, and hands nobody over. */
const NOT_BY_SESSION = ["/api/vps/provision", HAND_OVER_PATH];

const HAND_OVER = z.strictObject({
  userId: USER_ID.optional().describe(`With a token with the scope ${HAND_OVER_SCOPE}: the user who is handed over. A user's own token hands over that user alone.`),
}).optional();
const HANDED_OVER = z.object({
  url: z.string().describe("Send the browser there. The code stands behind the #, so that it reaches no log; the page takes it out of the address at once."),
  code: z.string().describe("For the component, or a page of one's own: POST /me/session."),
  expiresAt: z.iso.datetime(),
}).meta({ id: "HandOver" });
const EXCHANGE = z.strictObject({ code: z.string().min(1).max(200) });
const SESSION_VIEW = z.object({ userId: z.string(), username: z.string().nullable(), expiresAt: z.iso.datetime(), csrfToken: z.string().describe(`For the header ${CSRF_HEADER} of every change.`) });

type SessionContext = Pick<HttpContext, "cipher" | "pool">;

async function sessionOf(request: FastifyRequest, { cipher, pool }: SessionContext): Promise<UserSession | undefined> {
  const session = openUserSession(cipher, request);
  return session && !(await isSessionEnded(pool, sessionId(session))) ? session : undefined;
}

/** Signs a request to a user's route in by the cookie of /me; a change must also carry the session's CSRF token. */
export function acceptUserSession(context: SessionContext): onRequestAsyncHookHandler {
  return async (request) => {
    const { url = "" } = request.routeOptions;
    if (request.headers.authorization !== undefined || !url.startsWith("/api/vps/") || NOT_BY_SESSION.includes(url)) return;
    const session = await sessionOf(request, context);
    if (!session) return;
    requireCsrfToken(request, session);
    request.caller = { userId: session.userId, username: session.username ?? undefined, vpsPlans: null, scopes: new Set(), role: undefined, expiresAt: session.expiresAt, sessionId: sessionId(session) };
  };
}

/** POST /api/vps/hand-over, for backends. */
export const handOverRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, settings }) => {
  const perMinute = settings.rateLimitPerMinute;
  const limitUser = rateLimit(app, { perMinute, refusal: `The user was handed over more than ${perMinute} times within a minute.`, keyOf: ({ body }) => (body as { userId: string }).userId });
  app.post("/hand-over", {
    schema: {
      tags: ["user"], summary: "Hand the user over to their page",
      description: `Asked by a backend, with the user's token, or with a service token (scope ${HAND_OVER_SCOPE}) and the user's id. The code is good once, for USER_PAGE_CODE_SECONDS.`,
      body: HAND_OVER,
      response: { 201: { description: "Where the user's browser is sent.", content: { "application/json": { schema: HANDED_OVER } } }, ...refusals(401, 403, 413, 415) },
    },
  }, async (request, reply) => {
    const caller = callerOf(request);
    const wanted = request.body?.userId ?? (caller.scopes.has(HAND_OVER_SCOPE) ? undefined : caller.userId);
    if (wanted === undefined) throw new HttpError("REQUEST_INVALID", "A service token hands over the user whom the body names: expected userId.");
    if (wanted !== caller.userId && !caller.scopes.has(HAND_OVER_SCOPE)) throw new HttpError("SCOPE_MISSING", `To hand another user over, the token lacks the scope '${HAND_OVER_SCOPE}'.`);
    if (handsOthersOver(request)) await limitUser(request);
    // The claim is unchecked; the page does without it.
    const { data } = USERNAME_PARAMS.safeParse({ username: wanted === caller.userId ? caller.username : undefined });
    const username = data?.username ?? null;
    const { code, expiresAt } = await createHandOver(pool, { userId: wanted, username }, settings.userPageCodeSeconds);
    const base = settings.publicUrl ?? `${request.protocol}://${request.host}`;
    return reply.code(201).send({ url: `${base.replace(/\/+$/, "")}/me#code=${code}`, code, expiresAt: expiresAt.toISOString() });
  });
};

/** POST, GET and DELETE /me/session. */
export const meSessionRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, cipher, settings }) => {
  const isFramed = settings.userPageFrameAncestors !== undefined;
  const view = ({ userId, username, expiresAt, csrfToken }: UserSession): z.output<typeof SESSION_VIEW> => ({ userId, username, expiresAt: expiresAt.toISOString(), csrfToken });
  const limit = rateLimit(app, { perMinute: EXCHANGES_PER_MINUTE, refusal: `More than ${EXCHANGES_PER_MINUTE} codes were tried within a minute.`, keyOf: byAddress });
  app.addHook("onSend", async (_request, reply) => void reply.header("cache-control", "no-store"));

  app.post("/me/session", {
    schema: { hide: true, body: EXCHANGE, response: { 200: SESSION_VIEW } },
    onRequest: limit,
  }, async (request, reply) => {
    const handedOver = await useHandOver(pool, request.body.code);
    if (!handedOver) throw new HttpError("HAND_OVER_USED", "The code was used already, or its time is over.");
    const lengthMs = settings.userPageSessionMinutes * MINUTE_MS;
    const session = newUserSession(handedOver, lengthMs);
    request.log.info({ userId: session.userId }, "user handed over");
    return reply.header("set-cookie", userSessionCookie(request, sealUserSession(cipher, session), lengthMs / SECOND_MS, isFramed)).send(view(session));
  });

  app.get("/me/session", { schema: { hide: true, response: { 200: SESSION_VIEW } } }, async (request) => {
    const session = await sessionOf(request, { cipher, pool });
    if (!session) throw new HttpError("UNAUTHENTICATED", "There is no session, or it has expired.");
    return view(session);
  });

  app.delete("/me/session", { schema: { hide: true } }, async (request, reply) => {
    const session = await sessionOf(request, { cipher, pool });
    if (session) {
      requireCsrfToken(request, session);
      await endSession(pool, sessionId(session), session.expiresAt);
    }
    return reply.code(204).header("set-cookie", userSessionCookie(request, "", 0, isFramed)).send();
  });
};

function requireCsrfToken(request: FastifyRequest, session: UserSession): void {
  if (SAFE_METHODS.includes(request.method) || isCsrfToken(session, request.headers[CSRF_HEADER])) return;
  throw new HttpError("CSRF_TOKEN_WRONG", `The request is signed in by a cookie, but its header ${CSRF_HEADER} is not the session's.`);
}
