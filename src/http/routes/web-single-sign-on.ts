import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { HOUR_MS, SECOND_MS } from "../../../providers/core/time.ts";
import { markedCookie, readMarkedCookie, sessionCookie } from "../../web/session-cookie.ts";
import { newSession, sealSession } from "../../web/session.ts";
import { sendError } from "../answer-errors.ts";
import type { HttpContext } from "../context.ts";
import { answerOf } from "../error-answer.ts";
import { HttpError } from "../http-error.ts";
import { byAddress, rateLimit } from "../rate-limit.ts";
import { CALLBACK_PATH, createSingleSignOn, LOGIN_LIMIT_MS } from "../single-sign-on.ts";

/** Keeps what is sealed here apart from sessions and credentials. */
const SEALED_FOR = "\0operator single sign-on";
const COOKIE = "user-vps-sign-on";
const BEGUN = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), next: z.string(), endsAtMs: z.number() });

/** GET /login/oidc sends the browser to the identity provider, GET /login/oidc/callback takes it back; /login/ways tells the page whether there is one. */
export const webSingleSignOnRoutes: FastifyPluginAsync<HttpContext> = async (app, { settings, cipher }) => {
  const signOn = createSingleSignOn(settings);
  app.addHook("onSend", async (_request, reply) => void reply.header("cache-control", "no-store"));
  app.get("/login/ways", { schema: { hide: true } }, async () => ({ singleSignOn: signOn !== undefined }));
  if (!signOn) return;
  const limit = rateLimit(app, { perMinute: 30, refusal: "Too many logins were tried within a minute.", keyOf: byAddress });

  app.get("/login/oidc", { schema: { hide: true }, onRequest: limit }, async (request, reply) => {
    const { url, ...begun } = await signOn.begin();
    const { keyId, sealed } = cipher.seal(SEALED_FOR, JSON.stringify({ ...begun, next: ownPath((request.query as { next?: unknown }).next), endsAtMs: Date.now() + LOGIN_LIMIT_MS }));
    return reply.header("set-cookie", markedCookie(COOKIE, request, `${keyId}.${sealed.toString("base64url")}`, LOGIN_LIMIT_MS / SECOND_MS)).redirect(url.href, 303);
  });

  app.get(CALLBACK_PATH, { schema: { hide: true }, onRequest: limit, errorHandler: (error, request, reply) => void answerBrowsers(error, request, reply) }, async (request, reply) => {
    const begun = begunIn(readMarkedCookie(COOKIE, request));
    if (!begun) throw new HttpError("UNAUTHENTICATED", "This browser has begun no login, or too long ago; begin it again at /login.");
    const { userId, role, doubt } = await signOn.finish(request.url.split("?")[1] ?? "", begun);
    const session = newSession({ userId, role, expiresAt: new Date(Date.now() + HOUR_MS) });
    const seconds = Math.floor((session.expiresAt.getTime() - Date.now()) / SECOND_MS);
    request.log.info({ operator: userId, role }, "operator logged in by single sign-on");
    if (doubt !== undefined) request.log.warn({ operator: userId, doubt }, "operator is named by the provider's own id");
    // A redirect would still belong to the provider's site, and the browser would withhold the strict cookie from it: the page that this is goes on by itself.
    return reply
      .headers({ "set-cookie": [sessionCookie(request, sealSession(cipher, session), seconds), markedCookie(COOKIE, request, "", 0)], "content-security-policy": "default-src 'none'", "referrer-policy": "no-referrer" })
      .type("text/html; charset=utf-8")
      .send(`<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${escaped(begun.next)}"><title>Logged in</title><p>Logged in. <a href="${escaped(begun.next)}">Go on</a></p></html>`);
  });

  function begunIn(cookie: string | undefined): z.output<typeof BEGUN> | undefined {
    const dot = cookie?.lastIndexOf(".") ?? -1;
    if (cookie === undefined || dot < 0) return undefined;
    try {
      const begun = BEGUN.parse(JSON.parse(cipher.open(SEALED_FOR, { keyId: cookie.slice(0, dot), sealed: Buffer.from(cookie.slice(dot + 1), "base64url") })));
      return begun.endsAtMs > Date.now() ? begun : undefined;
    } catch {
      return undefined;
    }
  }
};

/** A person sits before it, whom JSON tells little. */
function answerBrowsers(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!request.headers.accept?.includes("text/html")) return sendError(error, request, reply);
  const { status, headers, body: { error: { code, message, requestId } } } = answerOf(error, request.id);
  request.log.info({ err: error, code }, "single sign-on refused");
  return reply.code(status).headers({ ...headers, "content-security-policy": "default-src 'none'" }).type("text/html; charset=utf-8")
    .send(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Not logged in</title><h1>Not logged in</h1><p>${escaped(message)}</p><p><a href="/login">Try again, or another way</a></p><p>${code}, request ${requestId}</p></html>`);
}

/** Where the operator wanted to go, if that is on this site. */
export function ownPath(next: unknown): string {
  if (typeof next !== "string" || !URL.canParse(next, "http://own.invalid")) return "/";
  const wanted = new URL(next, "http://own.invalid");
  // `/.//elsewhere` becomes `//elsewhere`, which is another site.
  return wanted.origin === "http://own.invalid" && !wanted.pathname.startsWith("//") ? wanted.pathname + wanted.search : "/";
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll("'", "&#39;");
}
