import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { inTransaction } from "../../db/transaction.ts";
import { REASON_ONLY, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import { requestRepairOfUser } from "../../drift/repair.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { findUser, USERNAME_PARAMS } from "../operated-user.ts";
import { ADMIN_VPS_VIEW, adminVpsView } from "../vps-view.ts";

/** POST /api/admin/vps/{username}/repair: an `up`, which makes what is there as declared. */
export const webRepairRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, jobs }) => {
  app.post("/vps/:username/repair", {
    schema: {
      tags: ["operators"],
      summary: "Make it as declared",
      description: "Runs `up`: what differs is changed in place; what would wipe the user's data or buy a VM again is refused, as is what a finding of the user stands in the way of: the same rule as POST /api/admin/findings/{id}/repair.",
      params: USERNAME_PARAMS,
      body: REASON_ONLY,
      response: { 202: { description: "It is queued.", content: { "application/json": { schema: ADMIN_VPS_VIEW } } }, ...refusals(401, 403, 404, 409, 413, 415) },
    },
  }, async (request, reply) => {
    const { userId: requestedBy } = callerOf(request);
    const { username } = request.params;
    // A refusal is recorded, so it does not roll anything back.
    const refusal = await inTransaction(pool, async (client) => requestRepairOfUser(client, jobs, await findUser(client, username), { requestedBy, why: request.body?.reason ?? "none given" }));
    request.log.info({ operator: requestedBy, username, refused: refusal !== undefined }, "repair asked for");
    if (refusal !== undefined) throw new HttpError("STATUS_CONFLICT", refusal);
    return reply.code(202).send(adminVpsView(await findUser(pool, username)));
  });
};
