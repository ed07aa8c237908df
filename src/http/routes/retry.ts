import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { ERROR_CATALOGUE } from "../../../providers/core/errors.ts";
import type { ErrorCode } from "../../../providers/core/errors.ts";
import { inTransaction } from "../../db/transaction.ts";
import { retryAll, retryUser } from "../../jobs/retry-user.ts";
import { REASON, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { offered } from "../offers.ts";
import { lockUser, USERNAME_PARAMS } from "../operated-user.ts";
import { ADMIN_VPS_VIEW, adminVpsView } from "../vps-view.ts";
import { DATA_CENTER, PLAN } from "./provision.ts";

/** Of one request. */
const MOST = 500;

const WISH = z.strictObject({
  reason: REASON.optional(),
  plan: PLAN.optional().describe("Another plan, for a user who has no VM yet, such as when this one is not sold any more."),
  dataCenterId: DATA_CENTER.optional().describe("Another data center, likewise, such as when this one is out of stock."),
}).optional();
const ALL = z.strictObject({
  reason: REASON,
  code: z.enum(Object.keys(ERROR_CATALOGUE) as [ErrorCode, ...ErrorCode[]]).optional().describe("Only who failed with this code; without it, all whose failure passes by itself."),
  perMinute: z.int().min(1).max(600).default(10).describe("How many begin in a minute."),
});
const RETRIED = z.object({
  usernames: z.array(z.string()).describe("In their order."),
  left: z.int().describe(`How many have still failed like that: at most ${MOST} are taken at once, ask again for the others.`),
  lastsSeconds: z.int().describe("Until the last of these begins."),
}).meta({ id: "Retried" });

/** POST /api/admin/vps/{username}/retry, and for all: POST /api/admin/retry. */
export const retryRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, jobs, offers }) => {
  app.post("/vps/:username/retry", {
    schema: {
      tags: ["operators"], summary: "Try again what failed", params: USERNAME_PARAMS, body: WISH,
      description: "Goes on with what is there. A user who has no VM yet can be given another plan or data center with it.",
      response: { 202: { description: "It is queued.", content: { "application/json": { schema: ADMIN_VPS_VIEW } } }, ...refusals(401, 403, 404, 409, 413, 415, 422) },
    },
  }, async (request, reply) => {
    const { reason, ...wish } = request.body ?? {};
    const { plan, dataCenterId } = wish.plan === undefined && wish.dataCenterId === undefined ? wish : offered(await offers(), wish);
    const record = await inTransaction(pool, async (db) => {
      const retried = await retryUser(db, jobs, await lockUser(db, request.params.username), { plan, dataCenterId }, 0, { requestedBy: callerOf(request).userId, reason: reason ?? null });
      if ("refusal" in retried) throw new HttpError("STATUS_CONFLICT", retried.refusal);
      return retried.record;
    });
    request.log.info({ operator: callerOf(request).userId, username: record.username, plan, dataCenterId }, "retry asked for");
    return reply.code(202).send(adminVpsView(record));
  });

  app.post("/retry", {
    schema: {
      tags: ["operators"], summary: "Try again all that an outage has left behind", body: ALL,
      description: "A few a minute, those first who have waited longest. Who needs a person (a refused payment, a purchase in doubt, a cancelled run) is left alone, unless just that code is named.",
      response: { 202: { description: "They are queued.", content: { "application/json": { schema: RETRIED } } }, ...refusals(401, 403, 413, 415) },
    },
  }, async (request, reply) => {
    const { code, perMinute } = request.body;
    const retried = await inTransaction(pool, (db) => retryAll(db, jobs, { code, perMinute, most: MOST, asked: { requestedBy: callerOf(request).userId, reason: request.body.reason } }));
    request.log.info({ operator: callerOf(request).userId, code, count: retried.usernames.length }, "retry of all asked for");
    return reply.code(202).send({ ...retried, usernames: [...retried.usernames] });
  });
};
