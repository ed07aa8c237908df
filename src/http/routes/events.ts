import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { findVpsByUserId } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { OpenStreams, STREAM_QUERY, streamStatus } from "../live-status.ts";
import { readVpsView } from "../vps-view.ts";

/** Of one user in one process: a browser's few tabs. */
const MOST_STREAMS = 8;

/** GET /api/vps/events: what GET /api/vps/status says, live, until the token expires. */
export const eventsRoute: FastifyPluginAsyncZod<HttpContext> = async (app, context) => {
  const streams = new OpenStreams({ most: MOST_STREAMS, whose: "streams of this user" });
  app.get("/events", {
    // HEAD would never end.
    exposeHeadRoute: false,
    schema: {
      tags: ["user"],
      summary: "The status, live",
      description: `Server-sent events: \`event: status\`, \`id:\` the record's version, \`data:\` what GET /api/vps/status answers. The first comes at once, whatever \`Last-Event-ID\` says, so that whoever comes again has missed nothing; every 15 s a comment shows that the stream lives. It ends when the token expires, and when the process ends that serves it: come again. At most ${MOST_STREAMS} of one user at a time, of each process.`,
      querystring: STREAM_QUERY,
      response: { 200: { description: "A stream that does not end.", content: { "text/event-stream": { schema: z.string() } } }, ...refusals(401, 404) },
    },
  }, async (request, reply) => {
    const { userId } = callerOf(request);
    if (!(await findVpsByUserId(context.pool, userId))) throw new HttpError("VPS_NOT_FOUND", "The caller has not asked for a VPS.");
    return streamStatus({ request, reply, context, userId, readView: readVpsView, streams, key: userId }) as never;
  });
};
