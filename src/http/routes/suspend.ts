import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { inTransaction } from "../../db/transaction.ts";
import { AT_REST_STATUSES, resumeVps, suspendVps } from "../../records/index.ts";
import { REASON, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { findUser, statusConflict, USERNAME_PARAMS } from "../operated-user.ts";
import { ADMIN_VPS_VIEW, adminVpsView } from "../vps-view.ts";

const schema = (summary: string, description: string) => ({
  tags: ["operators"], summary, description, params: USERNAME_PARAMS, body: z.strictObject({ reason: REASON }),
  response: { 202: { description: "It is recorded, and queued.", content: { "application/json": { schema: ADMIN_VPS_VIEW } } }, ...refusals(401, 403, 404, 409, 413, 415) },
});

/** POST /api/admin/vps/{username}/suspend and resume. */
export const suspendRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, jobs }) => {
  app.post("/vps/:username/suspend", {
    schema: schema("Suspend a user", "The VM is stopped; nothing is wiped, and it is renewed as before. Sweeps, repairs and releases leave the user alone, and nothing starts the VM, until `resume`. The user can read the reason (GET /api/vps/status)."),
  }, async (request, reply) => {
    const record = await inTransaction(pool, async (db) => {
      const user = await findUser(db, request.params.username);
      const suspended = await suspendVps(db, user.userId, { suspendedBy: callerOf(request).userId, reason: request.body.reason });
      if (!suspended) throw statusConflict(user, "To suspend a user", AT_REST_STATUSES);
      if (suspended.hostingerVmId !== null) await jobs.enqueue(db, { operation: "power", action: "stop", whileSuspended: true, userId: user.userId }, { cause: { kind: "suspend", requestedBy: callerOf(request).userId, reason: request.body.reason } });
      return suspended;
    });
    return reply.code(202).send(adminVpsView(record));
  });

  app.post("/vps/:username/resume", {
    schema: schema("Resume a suspended user", "By `up`: the VM is started, and the VPS is ready once it is healthy. Where a `recreate` or `replace` has not come to its end, the VM alone is started and the VPS is `failed` as before: nothing is wiped or bought until a `retry` goes on with it."),
  }, async (request, reply) => {
    const record = await inTransaction(pool, async (db) => {
      const user = await findUser(db, request.params.username);
      const resumed = await resumeVps(db, user.userId);
      if (!resumed) throw statusConflict(user, "To resume a user", ["suspended"]);
      const isOnlyStarted = resumed.status === "failed";
      if (isOnlyStarted && resumed.hostingerVmId === null) return resumed;
      const job = isOnlyStarted ? { operation: "power" as const, action: "start" as const } : { operation: "up" as const };
      await jobs.enqueue(db, { ...job, userId: user.userId }, { cause: { kind: "resume", requestedBy: callerOf(request).userId, reason: request.body.reason } });
      return resumed;
    });
    return reply.code(202).send(adminVpsView(record));
  });
};
