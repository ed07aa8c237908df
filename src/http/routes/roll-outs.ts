import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Queryable } from "../../db/queryable.ts";
import { inTransaction } from "../../db/transaction.ts";
import { VERSION_PATTERN } from "../../../stacks/release.ts";
import { cancelRollOut, createRollOut, MOST_AT_ONCE, MOST_FAILURES, skipInRollOut } from "../../releases/create-roll-out.ts";
import { findRollOut, listRollOuts, MEMBER_STATUSES, type RollOutRecord } from "../../records/index.ts";
import { WAVE_PATTERN } from "../../releases/waves.ts";
import { NO_FIELDS, REASON, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { USERNAME_PARAMS } from "../operated-user.ts";
import { readRollOutViews, readRollOutWithMembers, ROLL_OUT_VIEW, ROLL_OUT_WITH_MEMBERS_VIEW } from "../roll-out-view.ts";
import type { FinalCounts } from "../roll-out-view.ts";
import { goneOnFrom, pageOf, pageQuery } from "../paging.ts";
import { time } from "../texts.ts";
import { wholeNumber } from "../whole-number.ts";

const MOST_MEMBERS = 1_000;
const LONGEST_BODY_BYTES = 131_072;
const ROLL_OUT_ID = z.string().min(1).max(64).regex(/^[A-Za-z0-9-]+$/, "expected the id of a roll-out");
/** What is said with `meta` is checked by `createRollOut`, which says more about it. */
const BODY = z.strictObject({
  version: z.string().max(200).meta({ pattern: VERSION_PATTERN.source }).describe("Of a release that is known."),
  reason: REASON,
  confirm: z.string().max(200).describe("The version again."),
  usernames: z.array(USERNAME_PARAMS.shape.username).min(1).max(200).optional().describe("Only these users' VPSs, in this order; else all that are ready."),
  waves: z.array(z.string().max(20).meta({ pattern: WAVE_PATTERN.source })).max(50).optional().describe("Each a number of VPSs (`5`), a share of all (`10%`) or, as the last one, `rest`; else `1`, `10%`, `rest`."),
  concurrency: z.int().meta({ minimum: 1, maximum: MOST_AT_ONCE }).optional().describe(`How many VPSs at once, 1 to ${MOST_AT_ONCE}; else 2.`),
  maxFailures: z.int().meta({ minimum: 1, maximum: MOST_FAILURES }).optional().describe("With so many failures no further VPS is begun; else 1."),
  snapshot: z.boolean().default(false).describe("Whether Hostinger makes a snapshot of each VM before it is touched. It replaces the snapshot that the VM has."),
});
const QUERY = z.strictObject(pageQuery(ROLL_OUT_ID));
const PARAMS = z.object({ rollOutId: ROLL_OUT_ID });
const MEMBERS = z.strictObject({
  status: z.enum(MEMBER_STATUSES).optional().describe("Only the VPSs in this status."),
  changedSince: time("Only the VPSs whose turn has begun or ended since, or at that moment."),
  limit: wholeNumber(1, MOST_MEMBERS).optional().describe(`How many VPSs at most, 1 to ${MOST_MEMBERS}; else all.`),
});
const PAGE = pageOf(ROLL_OUT_VIEW, "RollOutPage");
const answer = <T extends z.ZodType>(description: string, schema: T) => ({ description, content: { "application/json": { schema } } });

/** /api/admin/roll-outs: a release for the fleet, in waves. */
export const rollOutRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, rollOuts }) => {
  const final: FinalCounts = new Map();

  app.post("/roll-outs", {
    // A thousand user names are longer than any other request.
    bodyLimit: LONGEST_BODY_BYTES,
    schema: {
      tags: ["operators"], summary: "Roll a release out", body: BODY,
      description: "A worker brings it to the VPSs, wave by wave; one that is not healthy with it goes back to what it had, and counts as a failure. There is one roll-out at a time. The version has to be typed again, as `confirm`.",
      response: { 202: answer("It is recorded and queued.", ROLL_OUT_VIEW), ...refusals(401, 403, 409, 413, 415, 422) },
    },
  }, async (request, reply) => {
    const { userId } = callerOf(request);
    const { confirm, ...wanted } = request.body;
    if (confirm !== wanted.version) throw new HttpError("CONFIRMATION_WRONG", `expected the version, '${wanted.version}', as confirm.`);
    const view = await inTransaction(pool, async (db) => {
      const rollOut = await createRollOut(db, { ...wanted, requestedBy: userId });
      await rollOuts.enqueue(db);
      return (await readRollOutViews(db, [rollOut], final))[0]!;
    });
    request.log.info({ operator: userId, rollOutId: view.rollOutId, version: view.version }, "roll-out asked for");
    return reply.code(202).header("location", `/api/admin/roll-outs/${view.rollOutId}`).send(view);
  });

  app.get("/roll-outs", {
    schema: { tags: ["operators"], summary: "Roll-outs, newest first", querystring: QUERY, response: { 200: answer("A page.", PAGE), ...refusals(401, 403) } },
  }, async ({ query }) => {
    const { items, nextCursor } = await goneOnFrom(query.cursor, await listRollOuts(pool, query), (rollOutId) => findRollOut(pool, rollOutId));
    return { items: await readRollOutViews(pool, items, final), nextCursor };
  });

  app.get("/roll-outs/:rollOutId", {
    schema: {
      tags: ["operators"], summary: "One roll-out, with what became of each VPS", params: PARAMS, querystring: MEMBERS,
      description: "Of a large fleet all of them are megabytes: whoever asks again and again asks for a part. `counts` are of all.",
      response: { 200: answer("The roll-out.", ROLL_OUT_WITH_MEMBERS_VIEW), ...refusals(401, 403, 404) },
    },
  }, async ({ params, query }) => readRollOutWithMembers(pool, await existing(pool, params.rollOutId), query, final));

  app.post("/roll-outs/:rollOutId/cancel", {
    schema: {
      tags: ["operators"], summary: "Begin with no further VPS", params: PARAMS, body: NO_FIELDS,
      description: "Those that are under way come to their end. What is released already stays; a roll-out of the release before takes it back.",
      response: { 202: answer("It is cancelled.", ROLL_OUT_VIEW), ...refusals(401, 403, 404, 409, 413, 415) },
    },
  }, async (request, reply) => {
    const { userId } = callerOf(request);
    const { rollOutId } = await existing(pool, request.params.rollOutId);
    const wasOpen = await inTransaction(pool, (db) => cancelRollOut(db, rollOutId, userId));
    const rollOut = await existing(pool, rollOutId);
    if (!wasOpen) throw new HttpError("STATUS_CONFLICT", `The roll-out has ended already, as '${rollOut.outcome}'.`);
    request.log.info({ operator: userId, rollOutId }, "roll-out cancelled");
    return reply.code(202).send((await readRollOutViews(pool, [rollOut], final))[0]!);
  });

  app.post("/roll-outs/:rollOutId/members/:username/skip", {
    schema: {
      tags: ["operators"], summary: "Go on without one VPS", params: PARAMS.extend(USERNAME_PARAMS.shape), body: z.strictObject({ reason: REASON }),
      description: "One that waits is not begun; one that is under way is asked to stop, and what it has by then stays. The roll-out goes on with the others, and takes it for no failure.",
      response: { 202: answer("It is skipped.", ROLL_OUT_VIEW), ...refusals(401, 403, 404, 409, 413, 415) },
    },
  }, async (request, reply) => {
    const { userId } = callerOf(request);
    const { username } = request.params;
    const { rollOutId } = await existing(pool, request.params.rollOutId);
    const wasOpen = await inTransaction(pool, (db) => skipInRollOut(db, rollOutId, { username, skippedBy: userId, reason: request.body.reason }));
    if (!wasOpen) throw new HttpError("STATUS_CONFLICT", `'${username}' has come to its end in this roll-out, or is not part of it.`);
    request.log.info({ operator: userId, rollOutId, username }, "member of a roll-out skipped");
    return reply.code(202).send((await readRollOutViews(pool, [await existing(pool, rollOutId)], final))[0]!);
  });
};

async function existing(db: Queryable, rollOutId: string): Promise<RollOutRecord> {
  const rollOut = await findRollOut(db, rollOutId);
  if (!rollOut) throw new HttpError("ROLL_OUT_NOT_FOUND", `There is no roll-out '${rollOutId}'.`);
  return rollOut;
}
