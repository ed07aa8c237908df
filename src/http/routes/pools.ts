import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { isScheduleRule, SCHEDULE_RULE } from "../../config/pool-schedule.ts";
import { inTransaction } from "../../db/transaction.ts";
import { poolIdOf, readPoolOverview } from "../../pool/index.ts";
import type { PoolOverview } from "../../pool/index.ts";
import { drainPool, listPoolMembers, listPools, lockPools, POOL_MEMBER_STATES, POOL_STATES, savePool } from "../../records/index.ts";
import type { PoolMember } from "../../records/index.ts";
import { REASON, REASON_ONLY, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { offered } from "../offers.ts";
import { pageAfter, pageOf, pageQuery } from "../paging.ts";
import { DATA_CENTER, PLAN } from "./provision.ts";

const time = z.iso.datetime().nullable();
const seconds = z.number().nonnegative().nullable();

const MEMBER = z.object({
  username: z.string().describe("Of its own stack."),
  state: z.enum(POOL_MEMBER_STATES),
  vmId: z.number().nullable(),
  createdAt: z.iso.datetime(), readyAt: time, paidUntil: time,
  claimedBy: z.string().nullable().describe("The user name of whoever has got its VM."),
  reason: z.string().nullable().describe("Why it failed, was set aside or is retired."),
}).meta({ id: "PoolMember" });

const POOL = z.object({
  poolId: z.string().describe("Of plan, data center and template: `kvm1-9-1007`."),
  plan: z.string().describe("Hostinger's catalog item."), dataCenterId: z.int(), templateId: z.int(),
  state: z.enum(POOL_STATES).describe("`paused`: after failures, or because a whole term is too short for POOL_LEAST_DAYS, until it is set anew. `draining`: nothing is bought, what is there is given up."),
  pausedBecause: z.string().nullable(), failures: z.int().describe("Members that came to nothing since one was ready last."),
  keepReady: z.int(), schedule: z.array(z.string()), mostPerDay: z.int().nullable(), wanted: z.int().describe("By the schedule, now."),
  setBy: z.string().nullable().describe("null: the setting POOLS."), setAt: z.iso.datetime(),
  ready: z.int(), building: z.int(), failed: z.int(), claimed: z.int(), setAside: z.int(), retiring: z.int(),
  begunToday: z.int(), spentCents: z.int().describe("What its VPSs of the last 30 days have cost, first terms alone."),
  asked: z.int().describe("Signups of the last 30 days for which there was this pool."), hits: z.int().describe("Those of them that got a member."),
  secondsWith: seconds.describe("From signup to ready, in the median, with a member."), secondsWithout: seconds.describe("The same with a purchase."),
  members: z.array(MEMBER).describe("Those that have not come to an end."),
}).meta({ id: "Pool" });

export type PoolView = z.output<typeof POOL>;

const LIST = pageOf(POOL, "PoolPage");
const SET = z.strictObject({
  plan: PLAN.optional().describe("The default is the service's."),
  dataCenterId: DATA_CENTER.optional().describe("The default is the service's."),
  ready: z.int().min(0).max(1_000).describe("How many are kept ready where no rule of the schedule says otherwise."),
  schedule: z.array(z.string().max(100)).max(50).optional().describe(`Rules, the last one that fits counts: ${SCHEDULE_RULE}. Without it, those that the pool has; \`[]\`: none.`),
  mostPerDay: z.int().min(0).max(10_000).nullable().optional().describe("How many may be bought a day, UTC. Without it, as it is for the pool; null: as many as the limits of all purchases let."),
  reason: REASON.optional(),
});
const POOL_ID = z.string().min(1).max(100).regex(/^[A-Za-z0-9-]+$/, "expected the id of a pool");
const PARAMS = z.object({ poolId: POOL_ID });
const QUERY = z.strictObject(pageQuery(POOL_ID));
const answer = <T extends z.ZodType>(description: string, schema: T) => ({ description, content: { "application/json": { schema } } });

/** /api/admin/pools: VPSs that are kept ready for users to come. */
export const poolRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, settings, offers }) => {
  app.get("/pools", {
    schema: { tags: ["operators"], summary: "Pools, with their members", querystring: QUERY, response: { 200: answer("A page.", LIST), ...refusals(401, 403) } },
  }, async ({ query }) => pageAfter(await readPools(), query, ({ poolId }) => poolId));

  app.post("/pools", {
    schema: {
      tags: ["operators"], summary: "Set how many VPSs a pool keeps ready", body: SET,
      description: "It makes the pool if there is none, lets one that has paused or is drained go on, keeps what is not named, and counts before the setting POOLS from then on. The limits of purchases stand before every purchase of a pool as before any.",
      response: { 200: answer("As it is from now on.", POOL), ...refusals(401, 403, 413, 415, 422) },
    },
  }, async (request) => {
    const { userId } = callerOf(request);
    const { plan: wantedPlan, dataCenterId: wantedCenter, ready, schedule, mostPerDay } = request.body;
    const rule = schedule?.find((one) => !isScheduleRule(one));
    if (rule !== undefined) throw new UserVpsError("INPUT_INVALID", `schedule: expected ${SCHEDULE_RULE}, got ${JSON.stringify(rule)}.`, { next: "Correct the rule; docs/pool.md has examples." });
    const { plan = settings.defaultPlan, dataCenterId = settings.defaultDataCenterId } = offered(await offers(), { plan: wantedPlan, dataCenterId: wantedCenter });
    const kind = { plan, dataCenterId, templateId: settings.defaultTemplateId };
    const poolId = poolIdOf(kind);
    await inTransaction(pool, async (db) => {
      await lockPools(db);
      // A limit that is not mentioned is not meant to go.
      const known = (await listPools(db)).find((one) => one.poolId === poolId);
      await savePool(db, poolId, { ...kind, keepReady: ready, schedule: schedule ?? known?.schedule ?? [], mostPerDay: mostPerDay === undefined ? (known?.mostPerDay ?? null) : mostPerDay }, userId);
    });
    request.log.info({ operator: userId, pool: poolId, ready }, "pool set");
    return (await readPools()).find((one) => one.poolId === poolId)!;
  });

  app.post("/pools/:poolId/drain", {
    schema: {
      tags: ["operators"], summary: "Drain a pool", params: PARAMS, body: REASON_ONLY,
      description: "Nothing is bought for it any more; its VPSs are wiped, stopped and not renewed. Those that users have got are theirs.",
      response: { 200: answer("As it is from now on.", POOL), ...refusals(401, 403, 404, 413, 415) },
    },
  }, async (request) => {
    const { userId } = callerOf(request);
    const { poolId } = request.params;
    if (!(await drainPool(pool, poolId, userId))) throw new HttpError("POOL_NOT_FOUND", `There is no pool '${poolId}'.`);
    request.log.info({ operator: userId, pool: poolId }, "pool drained");
    return (await readPools()).find((one) => one.poolId === poolId)!;
  });

  async function readPools(): Promise<PoolView[]> {
    const [pools, members] = [await readPoolOverview(pool), await listPoolMembers(pool)];
    return pools.map((one) => poolView(one, members.filter(({ poolId }) => poolId === one.poolId)));
  }
};

function poolView({ setAt, schedule, ...pool }: PoolOverview, members: readonly PoolMember[]): PoolView {
  const at = (moment: Date | null) => moment?.toISOString() ?? null;
  return {
    ...pool, schedule: [...schedule], setAt: setAt.toISOString(),
    members: members.map(({ username, state, vmId, createdAt, readyAt, paidUntil, claimedByUsername, reason }) => ({ username, state, vmId, createdAt: createdAt.toISOString(), readyAt: at(readyAt), paidUntil: at(paidUntil), claimedBy: claimedByUsername, reason })),
  };
}
