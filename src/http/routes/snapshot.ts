import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { inTransaction } from "../../db/transaction.ts";
import { AT_REST_STATUSES, isAtRest } from "../../records/index.ts";
import { REASON, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { lockUser, statusConflict, USERNAME_PARAMS } from "../operated-user.ts";
import { ADMIN_VPS_VIEW, adminVpsView } from "../vps-view.ts";

const CONFIRM = z.strictObject({ confirm: z.string().max(63).describe("The user name again: a VM has one snapshot, and the one that there may be is lost."), reason: REASON.optional() });

/** POST /api/admin/vps/{username}/snapshot. */
export const snapshotRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, jobs }) => {
  app.post("/vps/:username/snapshot", {
    schema: {
      tags: ["operators"], summary: "Make a snapshot of the VM",
      description: "Before something risky. It replaces an earlier one; Hostinger keeps it for some weeks. Restoring it is done in the Hostinger panel, or by `user-vps vm snapshot-restore`.",
      params: USERNAME_PARAMS, body: CONFIRM,
      response: { 202: { description: "It is queued.", content: { "application/json": { schema: ADMIN_VPS_VIEW } } }, ...refusals(401, 403, 404, 409, 413, 415, 422) },
    },
  }, async (request, reply) => {
    const { params, body } = request;
    const record = await inTransaction(pool, async (client) => {
      const user = await lockUser(client, params.username);
      if (body.confirm !== user.username) throw new HttpError("CONFIRMATION_WRONG", `expected '${user.username}' as confirm.`);
      if (!isAtRest(user.status)) throw statusConflict(user, "To make a snapshot", AT_REST_STATUSES);
      if (user.hostingerVmId === null) throw new HttpError("STATUS_CONFLICT", `'${user.username}' has no VM yet.`);
      await jobs.enqueue(client, { operation: "snapshot", userId: user.userId }, { cause: { kind: "snapshot", requestedBy: callerOf(request).userId, reason: body.reason ?? null } });
      return user;
    });
    request.log.info({ operator: callerOf(request).userId, username: record.username }, "snapshot asked for");
    return reply.code(202).send(adminVpsView(record));
  });
};
