import { Readable } from "node:stream";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { SECOND_MS } from "../../../providers/core/time.ts";
import { findVpsByUserId } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { statusEvents } from "../status-events.ts";

const HEARTBEAT_MS = 15 * SECOND_MS;
/** Of one user in one process: a browser's few tabs. */
const MOST_STREAMS = 8;
/** The longest that Node's timers can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** GET /api/vps/events: what GET /api/vps/status says, live, until the token expires. */
export const eventsRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, feed, closing }) => {
  const open = new Map<string, number>();
  app.get("/events", {
    // HEAD would never end.
    exposeHeadRoute: false,
    schema: {
      tags: ["user"],
      summary: "The status, live",
      description: "Server-sent events: `event: status`, `id:` the record's version, `data:` what GET /api/vps/status answers. The first comes at once. It ends when the token expires.",
      response: { 200: { description: "A stream that does not end.", content: { "text/event-stream": { schema: z.string() } } }, ...refusals(401, 404) },
    },
  }, async (request, reply) => {
    const { userId, expiresAt } = callerOf(request);
    if (!(await findVpsByUserId(pool, userId))) throw new HttpError("VPS_NOT_FOUND", "The caller has not asked for a VPS.");
    const streams = open.get(userId) ?? 0;
    if (streams >= MOST_STREAMS) throw new HttpError("RATE_LIMITED", `${MOST_STREAMS} streams of this user are open already.`, { headers: { "retry-after": "30" } });
    open.set(userId, streams + 1);
    const gone = new AbortController();
    reply.raw.once("close", () => {
      gone.abort();
      const left = open.get(userId)! - 1;
      if (left > 0) open.set(userId, left);
      else open.delete(userId);
    });
    const expired = AbortSignal.timeout(Math.max(0, Math.min(expiresAt.getTime() - Date.now(), LONGEST_TIMER_MS)));
    const events = statusEvents({ db: pool, feed, userId, signal: AbortSignal.any([gone.signal, expired, closing]), heartbeatMs: HEARTBEAT_MS });
    return reply.type("text/event-stream").headers({ "x-accel-buffering": "no", connection: "close" }).send(Readable.from(events, { objectMode: false }) as never);
  });
};
