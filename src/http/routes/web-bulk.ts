import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Queryable } from "../../db/queryable.ts";
import { inTransaction } from "../../db/transaction.ts";
import { requestRepairOfUser } from "../../drift/repair.ts";
import { retryUser } from "../../jobs/retry-user.ts";
import { countVps, listVps, lockManyVps, noteAnswer, recordOperatorAction, type VpsFilter, type VpsRecord } from "../../records/index.ts";
import { REASON, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { USERNAME_PARAMS } from "../operated-user.ts";
import { VPS_FILTER } from "./admin-vps.ts";

/** Of one request. */
const MOST = 200;
const LONGEST_BODY_BYTES = 131_072;
/** They begin one after the other. */
const SECONDS_BETWEEN = 2;

const WHICH = {
  usernames: z.array(USERNAME_PARAMS.shape.username).min(1).max(1_000).optional().describe("Just these; with a filter, those of them that fit."),
  filter: z.strictObject(VPS_FILTER).optional().describe("Or all who fit, as GET /api/admin/vps takes it; `{}`: all."),
};
const PREVIEW = naming(z.strictObject({ action: z.enum(["retry", "repair", "roll-out"]), ...WHICH }));
const BULK = naming(z.strictObject({ action: z.enum(["retry", "repair"]), ...WHICH, reason: REASON }));
const OUTCOME = z.object({
  touched: z.array(z.string()).describe("By user name."),
  left: z.array(z.object({ username: z.string(), why: z.string() })).describe("Who is left alone."),
  beyond: z.int().describe(`How many more fit: one request takes ${MOST}.`),
}).meta({ id: "BulkOutcome" });

/** Who names nobody by mistake is not to mean everybody. */
function naming<T extends z.ZodType<{ readonly usernames?: unknown; readonly filter?: unknown }>>(body: T): T {
  return body.refine(({ usernames, filter }) => usernames !== undefined || filter !== undefined, "expected usernames, or a filter ({} for all)");
}

type Action = z.output<typeof PREVIEW>["action"];
type Outcome = z.output<typeof OUTCOME>;

/** What a preview has done is taken back by it. */
class TakenBack extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super("a preview");
    this.outcome = outcome;
  }
}

const answer = (description: string) => ({ description, content: { "application/json": { schema: OUTCOME } } });

/** POST /api/admin/bulk and its preview: the same for many users, by the rules that hold for one. */
export const webBulkRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, jobs }) => {
  app.post("/bulk/preview", {
    bodyLimit: LONGEST_BODY_BYTES,
    schema: {
      tags: ["operators"], summary: "Whom a bulk action would touch", body: PREVIEW,
      description: "Does the same as the action in a transaction that is rolled back: what it answers is what would be done. Of `roll-out` it tells who is ready to get one. Either `usernames` or `filter` has to be there.",
      response: { 200: answer("Nothing was changed."), ...refusals(401, 403, 413, 415) },
    },
  }, async (request) => {
    const { action, usernames, filter } = request.body;
    return await inTransaction(pool, async (db) => {
      throw new TakenBack(await perform(db, action, { ...filter, usernames }, { requestedBy: callerOf(request).userId, why: "a preview" }));
    }).catch((error: unknown) => {
      if (error instanceof TakenBack) return error.outcome;
      throw error;
    });
  });

  app.post("/bulk", {
    bodyLimit: LONGEST_BODY_BYTES,
    schema: {
      tags: ["operators"], summary: "Try again, or repair, many users at once", body: BULK,
      description: "`retry`: those that failed, one every two seconds. `repair`: by `up`, where that loses nothing and buys nothing. Each is recorded in the user's audit. Either `usernames` or `filter` has to be there.",
      response: { 202: answer("They are queued."), ...refusals(401, 403, 413, 415) },
    },
  }, async (request, reply) => {
    const { userId: requestedBy } = callerOf(request);
    const { action, usernames, filter, reason } = request.body;
    const outcome = await inTransaction(pool, async (db) => {
      const done = await perform(db, action, { ...filter, usernames }, { requestedBy, why: reason });
      for (const username of done.touched) {
        await noteAnswer(db, await recordOperatorAction(db, { requestedBy, path: `/api/admin/vps/${username}/${action}`, username, reason, requestId: request.id }), 202);
      }
      return done;
    });
    request.log.info({ operator: requestedBy, action, count: outcome.touched.length }, "bulk action asked for");
    return reply.code(202).send(outcome);
  });

  async function perform(db: Queryable, action: Action, filter: VpsFilter, asked: { readonly requestedBy: string; readonly why: string }): Promise<Outcome> {
    const { items } = await listVps(db, { ...filter, limit: MOST });
    if (action !== "roll-out") await lockManyVps(db, items.map(({ userId }) => userId));
    const outcome: Outcome = { touched: [], left: [], beyond: Math.max(0, (await countVps(db, filter)) - items.length) };
    for (const user of items) {
      const why = await refusalOf(db, action, user, outcome.touched.length * SECONDS_BETWEEN, asked);
      if (why === undefined) outcome.touched.push(user.username);
      else outcome.left.push({ username: user.username, why });
    }
    for (const username of await unknownOf(db, filter.usernames ?? [], items)) outcome.left.push({ username, why: "There is no such user." });
    return outcome;
  }

  async function refusalOf(db: Queryable, action: Action, user: VpsRecord, delaySeconds: number, asked: { readonly requestedBy: string; readonly why: string }): Promise<string | undefined> {
    if (action === "roll-out") return user.status === "ready" ? undefined : `It is '${user.status}'.`;
    if (action === "repair") return await requestRepairOfUser(db, jobs, user, asked);
    const retried = await retryUser(db, jobs, user, {}, delaySeconds, { requestedBy: asked.requestedBy, reason: asked.why });
    return "refusal" in retried ? retried.refusal : undefined;
  }
};

/** Who was named, and is not there: a name that is misspelt, for one. */
async function unknownOf(db: Queryable, named: readonly string[], found: readonly VpsRecord[]): Promise<string[]> {
  const missing = [...new Set(named)].filter((name) => !found.some(({ username }) => username === name));
  if (missing.length === 0) return [];
  const { items } = await listVps(db, { usernames: missing, limit: missing.length });
  return missing.filter((name) => !items.some(({ username }) => username === name));
}
