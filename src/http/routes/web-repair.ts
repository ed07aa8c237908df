import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { inTransaction } from "../../db/transaction.ts";
import { REASON_ONLY, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { findUser, statusConflict, USERNAME_PARAMS } from "../operated-user.ts";
import { ADMIN_VPS_VIEW, adminVpsView } from "../vps-view.ts";

/** POST /api/admin/vps/{username}/repair: an `up`, which makes what is there as declared. */
export const webRepairRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, jobs }) => {
  app.post("/vps/:username/repair", {
    schema: {
      tags: ["operators"],
      summary: "Make it as declared",
      description: "Runs `up`: what differs is changed in place; what would wipe the user's data or buy a VM again is refused.",
      params: USERNAME_PARAMS,
      body: REASON_ONLY,
      response: { 202: { description: "It is queued.", content: { "application/json": { schema: ADMIN_VPS_VIEW } } }, ...refusals(401, 403, 404, 409, 413, 415) },
    },
  }, async (request, reply) => {
    const record = await inTransaction(pool, async (client) => {
      const user = await findUser(client, request.params.username);
      if (user.status !== "ready") throw statusConflict(user, "To repair", ["ready"]);
      await jobs.enqueue(client, { operation: "up", userId: user.userId });
      return user;
    });
    request.log.info({ operator: callerOf(request).userId, username: record.username }, "repair asked for");
    return reply.code(202).send(adminVpsView(record));
  });
};
