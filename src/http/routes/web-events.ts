import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";
import { OpenStreams, STREAM_QUERY, streamStatus } from "../live-status.ts";
import { findUser, USERNAME_PARAMS } from "../operated-user.ts";
import { readAdminVpsView } from "../vps-view.ts";

/** Of all operators in one process. */
const MOST_STREAMS = 100;

/** GET /api/admin/vps/{username}/events: a user's status, live, until the operator's token or session expires. */
export const webEventsRoute: FastifyPluginAsyncZod<HttpContext> = async (app, context) => {
  const streams = new OpenStreams({ most: MOST_STREAMS, whose: "streams of operators" });
  app.get("/vps/:username/events", {
    // HEAD would never end.
    exposeHeadRoute: false,
    schema: {
      tags: ["operators"],
      summary: "A user's status, live",
      description: "Server-sent events, as GET /api/vps/events has them for the user, of what GET /api/admin/vps/{username} answers.",
      params: USERNAME_PARAMS, querystring: STREAM_QUERY,
      response: { 200: { description: "A stream that does not end.", content: { "text/event-stream": { schema: z.string() } } }, ...refusals(401, 403, 404) },
    },
  }, async (request, reply) => {
    const { userId } = await findUser(context.pool, request.params.username);
    return streamStatus({ request, reply, context, userId, readView: readAdminVpsView, streams, key: "operators" }) as never;
  });
};
