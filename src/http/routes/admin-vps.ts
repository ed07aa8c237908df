import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { listVps, VPS_STATUSES } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";
import { findUser, USERNAME_PARAMS } from "../operated-user.ts";
import { pageOf, pageQuery, pageView } from "../paging.ts";
import { ADMIN_VPS_DETAIL_VIEW, ADMIN_VPS_VIEW, adminVpsView, readAdminVpsView } from "../vps-view.ts";

const QUERY = z.strictObject({
  status: z.enum(VPS_STATUSES).optional(),
  search: z.string().min(1).max(255).regex(/^[^\x00]*$/, "expected a text without NUL").optional().describe("A part of the user name, host name, address or user id."),
  ...pageQuery(z.string().min(1).max(63).regex(/^[a-z0-9-]+$/, "expected a nextCursor")),
});

const PAGE = pageOf(ADMIN_VPS_VIEW, "AdminVpsPage");

/** GET /api/admin/vps and /api/admin/vps/{username}. */
export const adminVpsRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool }) => {
  app.get("/vps", {
    schema: { tags: ["operators"], summary: "All users, by user name", querystring: QUERY, response: { 200: { description: "A page.", content: { "application/json": { schema: PAGE } } }, ...refusals(401, 403) } },
  }, async ({ query }) => pageView(await listVps(pool, query), adminVpsView));

  app.get("/vps/:username", {
    schema: { tags: ["operators"], summary: "One user", params: USERNAME_PARAMS, response: { 200: { description: "The record.", content: { "application/json": { schema: ADMIN_VPS_DETAIL_VIEW } } }, ...refusals(401, 403, 404) } },
  }, async ({ params }) => readAdminVpsView(pool, await findUser(pool, params.username)));
};
