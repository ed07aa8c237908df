import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { wholeNumber } from "../whole-number.ts";
import type { Queryable } from "../../db/queryable.ts";
import { findRun, listRuns, readRunLog, type RunRecord } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { findUser, USERNAME_PARAMS } from "../operated-user.ts";
import { goneOnFrom, pageOf, pageQuery, pageView } from "../paging.ts";
import { RUN_VIEW, runView } from "../run-view.ts";

const RUN_ID = z.string().min(1).max(64).regex(/^[A-Za-z0-9_.-]+$/, "expected the id of a run");
const RUN_PARAMS = z.object({ runId: RUN_ID });
const RUNS_QUERY = z.strictObject(pageQuery(RUN_ID));
const LOG_QUERY = z.strictObject({
  afterSeq: wholeNumber(0, Number.MAX_SAFE_INTEGER).prefault(0).describe("`seq` of the last line that is known."),
  limit: wholeNumber(1, 1_000).prefault(500).describe("How many lines at most, 1 to 1000."),
});
const RUNS = pageOf(RUN_VIEW, "RunPage");
const LOG = z.object({
  lines: z.array(z.object({ seq: z.number(), at: z.iso.datetime(), line: z.string() })),
  ended: z.boolean().describe("The run has ended, so no line will be added."),
}).meta({ id: "RunLog" });

/** GET /api/admin/vps/{username}/runs, /api/admin/runs/{runId} and its log. */
export const adminRunRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool }) => {
  app.get("/vps/:username/runs", {
    schema: { tags: ["operators"], summary: "A user's runs, newest first", params: USERNAME_PARAMS, querystring: RUNS_QUERY, response: { 200: { description: "A page.", content: { "application/json": { schema: RUNS } } }, ...refusals(401, 403, 404) } },
  }, async ({ params, query }) => {
    const { userId } = await findUser(pool, params.username);
    const page = await goneOnFrom(query.cursor, await listRuns(pool, userId, query), async (runId) => {
      const run = await findRun(pool, runId);
      return run?.userId === userId ? run : undefined;
    });
    return pageView(page, runView);
  });

  app.get("/runs/:runId", {
    schema: { tags: ["operators"], summary: "One run", params: RUN_PARAMS, response: { 200: { description: "The run.", content: { "application/json": { schema: RUN_VIEW } } }, ...refusals(401, 403, 404) } },
  }, async ({ params }) => runView(await existingRun(pool, params.runId)));

  app.get("/runs/:runId/log", {
    schema: { tags: ["operators"], summary: "What a run printed", description: "Secrets are removed before it is stored.", params: RUN_PARAMS, querystring: LOG_QUERY, response: { 200: { description: "Lines, oldest first.", content: { "application/json": { schema: LOG } } }, ...refusals(401, 403, 404) } },
  }, async ({ params, query }) => {
    // The run before its lines: if it has ended by then, no line can be missing.
    const run = await existingRun(pool, params.runId);
    const lines = await readRunLog(pool, run.runId, query);
    return { lines: lines.map(({ seq, at, line }) => ({ seq, at: at.toISOString(), line })), ended: run.outcome !== null };
  });
};

async function existingRun(db: Queryable, runId: string): Promise<RunRecord> {
  const run = await findRun(db, runId);
  if (!run) throw new HttpError("RUN_NOT_FOUND", `There is no run '${runId}'.`);
  return run;
}
