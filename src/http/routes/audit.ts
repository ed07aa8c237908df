import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { listOperatorActions } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";
import { USERNAME_PARAMS } from "../operated-user.ts";
import { NUMBERED_PAGE, pageOf, pageView } from "../paging.ts";

const QUERY = z.strictObject({
  username: USERNAME_PARAMS.shape.username.optional(),
  ...NUMBERED_PAGE,
});

const ACTION = z.object({
  actionId: z.number(), askedAt: z.iso.datetime(), requestedBy: z.string().describe("An operator's user id."), path: z.string(),
  username: z.string().nullable().describe("null: it is not about one user."), reason: z.string().nullable(), requestId: z.string(),
  status: z.int().nullable().describe("HTTP status of the answer: a refusal is recorded as well. null: there was none."),
}).meta({ id: "OperatorAction" });
const PAGE = pageOf(ACTION, "OperatorActionPage");

/** GET /api/admin/audit */
export const auditRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool }) => {
  app.get("/audit", {
    schema: { tags: ["operators"], summary: "What operators have asked for, newest first", querystring: QUERY, response: { 200: { description: "A page.", content: { "application/json": { schema: PAGE } } }, ...refusals(401, 403) } },
  }, async ({ query }) => pageView(await listOperatorActions(pool, query), ({ askedAt, ...rest }) => ({ ...rest, askedAt: askedAt.toISOString() })));
};
