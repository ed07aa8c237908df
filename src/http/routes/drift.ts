import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { wholeNumber } from "../whole-number.ts";
import { listFindings, type FindingRecord } from "../../drift/findings.ts";
import { FINDING_KIND_NAMES } from "../../drift/kinds.ts";
import { anothersName } from "../../drift/anothers-name.ts";
import { planRepair, requestRepair } from "../../drift/repair.ts";
import { listSweeps, type SweepRecord } from "../../drift/sweeps.ts";
import { inTransaction } from "../../db/transaction.ts";
import { NO_FIELDS, REASON, refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { findUser, USERNAME_PARAMS } from "../operated-user.ts";
import { NUMBERED_PAGE, pageOf, pageView } from "../paging.ts";

const time = z.iso.datetime();
const PROPERTY = z.object({ name: z.string(), declared: z.string().describe("`[secret]` for a secret."), actual: z.string(), whatUpWouldDo: z.string() });
const RESOURCE = z.object({ resource: z.string(), type: z.string(), properties: z.array(PROPERTY), whatUpWouldDo: z.string() });
const DRIFT = z.object({
  username: z.string(),
  resources: z.array(RESOURCE).describe("Those that differ, or that `up` would change."),
  changes: z.int(),
  refusal: z.string().nullable().describe("Why `up` would be refused."),
}).meta({ id: "StackDrift" });
const SWEEP = z.object({
  sweepId: z.number(), requestedBy: z.string(), requestedAt: time, startedAt: time.nullable(), finishedAt: time.nullable(),
  outcome: z.enum(["succeeded", "failed", "lost"]).nullable(), message: z.string().nullable(),
  seconds: z.number().nullable().describe("Without the previews of suspects."),
  apiCalls: z.number().nullable(), users: z.number().nullable(), examined: z.number().nullable().describe("The others were being worked on."),
  findings: z.number().nullable(), previews: z.number().nullable(),
}).meta({ id: "Sweep" });
const FINDING = z.object({
  findingId: z.number(), kind: z.enum(FINDING_KIND_NAMES), subject: z.string(), username: z.string().nullable(),
  declared: z.string(), actual: z.string(), firstSeen: time, lastSeen: time, resolvedAt: time.nullable(),
  repair: z.object({ by: z.enum(["up", "nothing"]), why: z.string().nullable() }).describe("As far as this finding tells; others of the same user may be in the way."),
  preview: z.union([z.object({ resources: z.array(RESOURCE), changes: z.int(), refusal: z.string().nullable() }), z.object({ error: z.string() })]).nullable(),
}).meta({ id: "Finding" });
const REPAIR = z.object({
  repairId: z.number(), findingId: z.number(), requestedBy: z.string(), why: z.string(), requestedAt: time, decision: z.enum(["queued", "refused"]), reason: z.string(),
}).meta({ id: "Repair" });

export type SweepView = z.output<typeof SWEEP>;
export type FindingView = z.output<typeof FINDING>;

const id = wholeNumber(1, Number.MAX_SAFE_INTEGER);
const SWEEPS_QUERY = z.strictObject(NUMBERED_PAGE);
const FINDINGS_QUERY = z.strictObject({
  ...NUMBERED_PAGE,
  open: z.enum(["true", "false"]).transform((text) => text === "true").optional().describe("Only those that are not resolved, or only those that are."),
  kind: z.enum(FINDING_KIND_NAMES).optional(),
  username: USERNAME_PARAMS.shape.username.optional(),
});
const WHY = z.strictObject({ why: REASON });

const SWEEPS = pageOf(SWEEP, "SweepPage");
const FINDINGS = pageOf(FINDING, "FindingPage");
const answer = <T extends z.ZodType>(description: string, schema: T) => ({ description, content: { "application/json": { schema } } });

/** /api/admin: drift of one stack, sweeps over all, what they found, repair. */
export const driftRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, jobs, drift }) => {
  app.get("/vps/:username/drift", {
    // HEAD would make a worker run a preview for nothing.
    exposeHeadRoute: false,
    schema: {
      tags: ["operators"], summary: "How a user's stack differs from what is declared", params: USERNAME_PARAMS,
      description: "A worker runs a preview with refresh, which takes a few seconds and changes nothing.",
      response: { 200: answer("The differences; none: `changes` is 0.", DRIFT), ...refusals(401, 403, 404, 409) },
    },
  }, async ({ params }) => {
    const user = await findUser(pool, params.username);
    if (user.hostingerVmId === null) throw new HttpError("STATUS_CONFLICT", `'${user.username}' is '${user.status}' and has nothing yet that could differ.`);
    const result = await drift.stackDrift(user.userId);
    if (!result) throw new HttpError("NOT_READY", "No worker has made the preview in time.", { headers: { "retry-after": "30" } });
    if ("error" in result) throw new HttpError("PREVIEW_FAILED", `The preview could not be made: ${result.error}`);
    return { ...result.drift, resources: result.drift.resources.map((resource) => ({ ...resource, properties: [...resource.properties] })) };
  });

  app.post("/sweeps", {
    schema: {
      tags: ["operators"], summary: "Look at the whole fleet", description: "One that waits already serves for everybody who asks.", body: NO_FIELDS,
      response: { 202: answer("It is queued.", SWEEP), ...refusals(401, 403, 413, 415) },
    },
  }, async (request, reply) => {
    const { userId } = callerOf(request);
    const sweep = await inTransaction(pool, (client) => drift.requestSweep(client, userId));
    request.log.info({ operator: userId, sweepId: sweep.sweepId }, "sweep asked for");
    return reply.code(202).send(sweepView(sweep));
  });

  app.get("/sweeps", {
    schema: { tags: ["operators"], summary: "Sweeps, newest first", querystring: SWEEPS_QUERY, response: { 200: answer("A page.", SWEEPS), ...refusals(401, 403) } },
  }, async ({ query }) => pageView(await listSweeps(pool, query), sweepView));

  app.get("/findings", {
    schema: { tags: ["operators"], summary: "What sweeps have found, newest first", querystring: FINDINGS_QUERY, response: { 200: answer("A page.", FINDINGS), ...refusals(401, 403) } },
  }, async ({ query }) => {
    const { items, nextCursor } = await listFindings(pool, query);
    const seen: { readonly finding: FindingRecord; readonly anothers: string | undefined }[] = [];
    for (const finding of items) seen.push({ finding, anothers: finding.resolvedAt ? undefined : await anothersName(pool, [finding]) });
    return pageView({ items: seen, nextCursor }, ({ finding, anothers }) => findingView(finding, anothers));
  });

  app.post("/findings/:id/repair", {
    schema: {
      tags: ["operators"], summary: "Repair what was found", params: z.object({ id }), body: WHY,
      description: "By `up`, where that wipes nothing and buys nothing; otherwise it is refused with the reason. Both are recorded.",
      response: { 202: answer("It is queued.", REPAIR), ...refusals(401, 403, 404, 409, 413, 415) },
    },
  }, async (request, reply) => {
    const { userId } = callerOf(request);
    const findingId = request.params.id;
    const repair = await requestRepair(pool, jobs, { findingId, requestedBy: userId, why: request.body.why });
    if (!repair) throw new HttpError("FINDING_NOT_FOUND", `There is no finding ${findingId}.`);
    request.log.info({ operator: userId, findingId, decision: repair.decision }, "repair asked for");
    if (repair.decision === "refused") throw new HttpError("STATUS_CONFLICT", repair.reason);
    const { userId: _, ...rest } = repair;
    return reply.code(202).send({ ...rest, requestedAt: repair.requestedAt.toISOString() });
  });
};

function sweepView({ requestedAt, startedAt, finishedAt, ...rest }: SweepRecord): SweepView {
  return { ...rest, requestedAt: requestedAt.toISOString(), startedAt: startedAt?.toISOString() ?? null, finishedAt: finishedAt?.toISOString() ?? null };
}

function findingView({ userId: _, firstSeen, lastSeen, resolvedAt, ...rest }: FindingRecord, anothers: string | undefined): FindingView {
  const plan = planRepair({ ...rest, resolvedAt }, [], anothers);
  return {
    ...rest,
    preview: rest.preview as FindingView["preview"],
    repair: { by: plan.by, why: plan.by === "nothing" ? plan.why : null },
    firstSeen: firstSeen.toISOString(), lastSeen: lastSeen.toISOString(), resolvedAt: resolvedAt?.toISOString() ?? null,
  };
}
