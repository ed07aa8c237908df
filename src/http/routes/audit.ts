import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { listOperatorActions } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";
import { USERNAME_PARAMS } from "../operated-user.ts";
import { NUMBERED_PAGE, pageOf, pageView } from "../paging.ts";
import { text, time } from "../texts.ts";

export const AUDIT_FILTER = {
  username: USERNAME_PARAMS.shape.username.optional().describe("Whom it is about."),
  requestedBy: text(255).optional().describe("Who has asked: an operator's user id, or the user's own."),
  action: text(200).optional().describe("A part of what was asked for, as `deprovision`."),
  since: time("From then on."),
  until: time("Before then."),
};
const QUERY = z.strictObject({ ...AUDIT_FILTER, ...NUMBERED_PAGE });

const ACTION = z.object({
  actionId: z.number(), askedAt: z.iso.datetime(), requestedBy: z.string().describe("An operator's user id, or the user's own."), path: z.string().describe("Beneath /api/vps/: what users do themselves."),
  username: z.string().nullable().describe("null: it is not about one user."), reason: z.string().nullable(), requestId: z.string(),
  status: z.int().nullable().describe("HTTP status of the answer: a refusal is recorded as well. null: there was none."),
}).meta({ id: "OperatorAction" });
const PAGE = pageOf(ACTION, "OperatorActionPage");

/** GET /api/admin/audit */
export const auditRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool }) => {
  app.get("/audit", {
    schema: { tags: ["operators"], summary: "What operators and users have asked for, newest first", querystring: QUERY, response: { 200: { description: "A page.", content: { "application/json": { schema: PAGE } } }, ...refusals(401, 403) } },
  }, async ({ query }) => pageView(await listOperatorActions(pool, query), ({ askedAt, ...rest }) => ({ ...rest, askedAt: askedAt.toISOString() })));
};
