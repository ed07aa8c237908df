import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Queryable } from "../../db/queryable.ts";
import { inTransaction } from "../../db/transaction.ts";
import { AT_REST_STATUSES, BUSY_STATUSES, cancelGiveUp, isAtRest, isBusy, openChange, openGiveUp, requestCredentialsRotation, requestGiveUp, setVpsStatus, type Cause, type VpsRecord, type VpsStatus } from "../../records/index.ts";
import { callerOf } from "../caller.ts";
import { REASON, REASON_ONLY, refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { findUser, lockUser, statusConflict, USERNAME_PARAMS } from "../operated-user.ts";
import { ADMIN_VPS_VIEW, adminVpsView } from "../vps-view.ts";

const GIVE_UP = z.strictObject({
  confirm: z.string().max(63).describe("The user name again."),
  reason: REASON.optional(),
  wipe: z.boolean().default(true).describe("With `false` the data stays on the stopped VM, which is then never reused; for a VM that cannot be wiped."),
});
const GIVEN_UP_FROM: readonly VpsStatus[] = [...AT_REST_STATUSES, "suspended"];

const schema = (summary: string, description?: string) => ({
  tags: ["operators"],
  summary,
  ...(description ? { description } : {}),
  params: USERNAME_PARAMS,
  body: REASON_ONLY,
  response: { 202: { description: "It is queued.", content: { "application/json": { schema: ADMIN_VPS_VIEW } } }, ...refusals(401, 403, 404, 409, 413, 415) },
});

/** POST /api/admin/vps/{username}/…: what operators do. Each changes the record and queues the job in one transaction. */
export const adminActionRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, jobs, settings }) => {
  app.addHook("onResponse", async (request, reply) => {
    const { username } = request.params as { username?: string };
    request.log.info({ operator: request.caller?.userId, username, action: request.routeOptions.url, status: reply.statusCode }, "operator's action");
  });

  app.post("/cancel", { schema: schema("End what is being done", "What is there already stays; `retry` goes on with it. A VPS that is to be given up stays as it was, if its grace period is not over.") }, async ({ params }, reply) => {
    const user = await findUser(pool, params.username);
    if (!isBusy(user.status)) throw statusConflict(user, "To cancel", BUSY_STATUSES);
    const kept = await inTransaction(pool, async (client) => {
      const cancelled = await cancelGiveUp(client, user.userId);
      const record = cancelled && (await setVpsStatus(client, user.userId, { status: cancelled.previousStatus }, ["deprovisioning"]));
      // What was asked for before, and not done by then, stood in jobs that came to nothing meanwhile.
      if (record?.status === "ready") await jobs.enqueue(client, { operation: "up", userId: user.userId });
      if (record?.status === "suspended" && record.hostingerVmId !== null) await jobs.enqueue(client, { operation: "power", action: "stop", whileSuspended: true, userId: user.userId });
      return record;
    });
    // Its job comes to nothing when it is due.
    if (kept) return reply.code(202).send(adminVpsView(kept));
    await jobs.cancel(user.userId);
    return reply.code(202).send(adminVpsView(await findUser(pool, params.username)));
  });

  for (const action of ["start", "stop", "restart"] as const) {
    app.post(`/${action}`, { schema: schema(`${action[0]!.toUpperCase()}${action.slice(1)} the VM`) }, async (request, reply) => {
      const { params } = request;
      const record = await inTransaction(pool, async (client) => {
        const user = await lockUser(client, params.username);
        if (!isAtRest(user.status)) throw statusConflict(user, `To ${action} the VM`, AT_REST_STATUSES);
        if (user.hostingerVmId === null) throw new HttpError("STATUS_CONFLICT", `'${user.username}' has no VM yet.`);
        await jobs.enqueue(client, { operation: "power", action, userId: user.userId }, { cause: causeOf(request, "power") });
        return user;
      });
      return reply.code(202).send(adminVpsView(record));
    });
  }

  app.post("/deprovision", {
    schema: { ...schema("Give the VPS up", "After the grace period (DEPROVISION_GRACE_HOURS) the DNS record goes, the data is wiped, the VM is stopped and not renewed; until then `cancel` keeps everything. The user name has to be typed again, as `confirm`."), body: GIVE_UP, response: { ...schema("").response, ...refusals(422) } },
  }, async (request, reply) => {
    const { params, body } = request;
    const record = await inTransaction(pool, async (client) => {
      const user = await lockUser(client, params.username);
      if (body.confirm !== user.username) throw new HttpError("CONFIRMATION_WRONG", `expected '${user.username}' as confirm.`);
      const changed = await setVpsStatus(client, user.userId, { status: "deprovisioning" }, GIVEN_UP_FROM);
      if (!changed) throw statusConflict(user, "To give the VPS up", GIVEN_UP_FROM);
      const { dueAt, leftSeconds } = await requestGiveUp(client, user, {
        requestedBy: callerOf(request).userId, reason: body.reason ?? "none given", wipe: body.wipe, graceHours: settings.deprovisionGraceHours,
      });
      // Sent a second later than due: before that, nothing would be done.
      const delaySeconds = leftSeconds > 0 ? leftSeconds + 1 : 0;
      await jobs.enqueue(client, { operation: "destroy", userId: user.userId }, { delaySeconds, cause: causeOf(request, "give-up") });
      if (delaySeconds === 0) return changed;
      return (await setVpsStatus(client, user.userId, { waitingFor: `the end of the grace period, ${dueAt.toISOString()}; until then it can be cancelled` })) ?? changed;
    });
    return reply.code(202).send(adminVpsView(record));
  });

  app.post("/rotate-credentials", { schema: schema("Make new credentials", "When they are made, the user can be shown them. Who is `failed` and has a VM is tried again with them: they, and the certificate authority that is set by now, are brought to the VPS over SSH.") }, async (request, reply) => {
    const { params } = request;
    const record = await inTransaction(pool, async (client) => {
      const user = await lockUser(client, params.username);
      if (!isAtRest(user.status)) throw statusConflict(user, "To rotate credentials", AT_REST_STATUSES);
      if (user.status === "failed") await tryAgain(client, user);
      await requestCredentialsRotation(client, user.userId);
      await jobs.enqueue(client, { operation: "up", userId: user.userId }, { cause: causeOf(request, "rotation") });
      return findUser(client, params.username);
    });
    return reply.code(202).send(adminVpsView(record));
  });
};

/** For something else than what failed: an `up` that would go on with a change, or comes to nothing because the VPS is given up, is not what is asked for. */
async function tryAgain(db: Queryable, { userId, username, hostingerVmId }: VpsRecord): Promise<void> {
  if (hostingerVmId === null) throw new HttpError("STATUS_CONFLICT", `'${username}' has no VM yet.`);
  if (await openGiveUp(db, userId)) throw new HttpError("STATUS_CONFLICT", `The VPS of '${username}' is being given up; retry goes on with that.`);
  const change = await openChange(db, userId);
  if (change) throw new HttpError("STATUS_CONFLICT", `The ${change.kind} of ${change.requestedAt.toISOString()} has not come to its end, and this would go on with it. Have it tried again, or ask for another change.`);
  await setVpsStatus(db, userId, { status: "queued", phase: "queued" }, ["failed"]);
}

function causeOf(request: FastifyRequest, kind: Cause["kind"]): Cause {
  return { kind, requestedBy: callerOf(request).userId, reason: (request.body as { reason?: string } | undefined)?.reason ?? null };
}
