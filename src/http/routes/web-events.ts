import { Readable } from "node:stream";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { SECOND_MS } from "../../../providers/core/time.ts";
import { refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { findUser, USERNAME_PARAMS } from "../operated-user.ts";
import { statusEvents } from "../status-events.ts";

const HEARTBEAT_MS = 15 * SECOND_MS;
/** Of all operators in one process. */
const MOST_STREAMS = 100;
/** The longest that Node's timers can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** GET /api/admin/vps/{username}/events: a user's status, live, until the operator's token or session expires. */
export const webEventsRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, feed, closing }) => {
  let streams = 0;
  app.get("/vps/:username/events", {
    // HEAD would never end.
    exposeHeadRoute: false,
    schema: {
      tags: ["operators"],
      summary: "A user's status, live",
      description: "Server-sent events, as GET /api/vps/events has them for the user.",
      params: USERNAME_PARAMS,
      response: { 200: { description: "A stream that does not end.", content: { "text/event-stream": { schema: z.string() } } }, ...refusals(401, 403, 404) },
    },
  }, async (request, reply) => {
    const { userId } = await findUser(pool, request.params.username);
    if (streams >= MOST_STREAMS) throw new HttpError("RATE_LIMITED", `${MOST_STREAMS} streams are open already.`, { headers: { "retry-after": "30" } });
    streams += 1;
    const gone = new AbortController();
    reply.raw.once("close", () => {
      streams -= 1;
      gone.abort();
    });
    const leftMs = callerOf(request).expiresAt.getTime() - Date.now();
    const expired = AbortSignal.timeout(Math.max(0, Math.min(leftMs, LONGEST_TIMER_MS)));
    const events = statusEvents({ db: pool, feed, userId, signal: AbortSignal.any([gone.signal, expired, closing]), heartbeatMs: HEARTBEAT_MS });
    return reply.type("text/event-stream").header("x-accel-buffering", "no").send(Readable.from(events, { objectMode: false }) as never);
  });
};
