import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { DATA_CENTERS, findPlan, PLANS } from "../../../providers/hostinger/api/specification.ts";
import { parseUsername } from "../../../stacks/username.ts";
import { inTransaction } from "../../db/transaction.ts";
import { requestVps } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { refuseIgnoredName } from "../ignored-names.ts";
import { checkSshPublicKey, SSH_PUBLIC_KEY } from "../ssh-public-key.ts";
import { readVpsView, VPS_VIEW } from "../vps-view.ts";

const PLAN_NAMES = PLANS.flatMap(({ id, itemId }) => [itemId, id]);
const CENTERS = DATA_CENTERS.map(({ id, city }) => `${id} (${city})`).join(", ");

export const PLAN = z.enum(PLAN_NAMES, `expected one of the plans ${PLAN_NAMES.join(", ")}`);
export const DATA_CENTER = z.literal(DATA_CENTERS.map(({ id }) => id), `expected one of the data centers ${CENTERS}`);

const BODY = z.strictObject({
  plan: PLAN.optional().describe("The default is the service's."),
  dataCenterId: DATA_CENTER.optional().describe("The default is the one nearest to the client's country."),
  sshPublicKey: SSH_PUBLIC_KEY.optional().describe("May log in to the VPS."),
}).optional();

/** POST /api/vps/provision: one row in user_vps and one job, in one transaction; asked again, the same row and no job. */
export const provisionRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, jobs, settings, nearestDataCenter }) => {
  app.post("/provision", {
    schema: {
      tags: ["user"],
      summary: "Ask for a VPS",
      description: "One VPS a user: asked again, it answers with the same one and changes nothing. A VPS that was given up is made afresh.",
      body: BODY,
      response: { 202: { description: "It is recorded and being worked on, or was so before.", content: { "application/json": { schema: VPS_VIEW } } }, ...refusals(401, 409, 413, 415, 422) },
    },
  }, async (request, reply) => {
    const { userId, username: claim } = callerOf(request);
    if (claim === undefined) throw new UserVpsError("USERNAME_INVALID", "The token has no claim 'username' that is a text.");
    const username = parseUsername(claim);
    const { plan, dataCenterId, sshPublicKey } = request.body ?? {};
    if (sshPublicKey !== undefined) checkSshPublicKey(sshPublicKey);
    const { record, created } = await inTransaction(pool, async (client) => {
      const result = await requestVps(client, {
        userId,
        username,
        hostname: `${username}.${settings.domain}`,
        plan: plan ? findPlan(plan)!.itemId : settings.defaultPlan,
        templateId: settings.defaultTemplateId,
        dataCenterId: dataCenterId ?? nearestDataCenter(request.ip) ?? settings.defaultDataCenterId,
        sshPublicKey: sshPublicKey ?? null,
      });
      if (result.created) refuseIgnoredName(result.record.hostname, settings.sweepIgnoredNames);
      if (result.created) await jobs.enqueue(client, { operation: "up", userId });
      return result;
    });
    request.log.info({ username: record.username, created }, "VPS asked for");
    return reply.code(202).header("location", "/api/vps/status").send(await readVpsView(pool, record));
  });
};
