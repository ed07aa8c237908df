import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { LARGEST_ID } from "../../config/value-schemas.ts";
import { wholeNumber } from "../whole-number.ts";
import { FINDING_KIND_NAMES } from "../../drift/kinds.ts";
import { countVps, findVpsByUsername, listVps, VPS_SORTS, VPS_STATUSES, type ListedVps } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";
import { findUser, USERNAME_PARAMS } from "../operated-user.ts";
import { goneOnFrom, pageOf, pageQuery, pageView } from "../paging.ts";
import { text } from "../texts.ts";
import { ADMIN_VPS_DETAIL_VIEW, ADMIN_VPS_VIEW, adminVpsView, readAdminVpsView } from "../vps-view.ts";

const MOST_PAGES = 100_000;

/** Which users are meant, wherever operators name many. */
export const VPS_FILTER = {
  status: z.enum(VPS_STATUSES).optional(),
  search: text(255).optional().describe("A part of the user name, host name, address or user id."),
  plan: text(200).optional().describe("Hostinger's catalog item."),
  dataCenterId: wholeNumber(1, LARGEST_ID).optional(),
  release: text(200).optional().describe("The version that was last released to the VPS; `none`: nothing was."),
  findings: z.enum(["any", "none", ...FINDING_KIND_NAMES]).optional().describe("With open findings, without, or with one of this kind."),
};

const QUERY = z.strictObject({
  ...VPS_FILTER,
  sort: z.enum(VPS_SORTS).default("name").describe("`name`: `user2` before `user10`. `age`: when it was asked for. `status`: what needs somebody first; who changes it between two pages may be met twice or not at all."),
  order: z.enum(["asc", "desc"]).default("asc"),
  ...pageQuery(z.string().min(1).max(63).regex(/^[a-z0-9-]+$/, "expected a nextCursor")),
  page: wholeNumber(1, MOST_PAGES).prefault(1).describe("In place of a cursor: which page, from 1."),
});

export const LISTED_VPS_VIEW = ADMIN_VPS_VIEW.extend({
  openFindings: z.int().describe("How many things are not as declared."),
  release: z.string().nullable().describe("The version that was last released to it; null: it has what was installed at first boot."),
}).meta({ id: "ListedVps" });

const PAGE = pageOf(LISTED_VPS_VIEW, "AdminVpsPage", { total: z.int().describe("How many fit, on all pages.") });

export function listedVpsView(record: ListedVps): z.output<typeof LISTED_VPS_VIEW> {
  return { ...adminVpsView(record), openFindings: record.openFindings, release: record.release };
}

/** GET /api/admin/vps and /api/admin/vps/{username}. */
export const adminVpsRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, pace }) => {
  app.get("/vps", {
    schema: { tags: ["operators"], summary: "All users", querystring: QUERY, response: { 200: { description: "A page.", content: { "application/json": { schema: PAGE } } }, ...refusals(401, 403) } },
  }, async ({ query: { sort, order, limit, cursor, page, ...filter } }) => {
    const [{ items, nextCursor }, total] = await Promise.all([
      listVps(pool, { ...filter, sort, descending: order === "desc", limit, cursor, offset: cursor === undefined ? (page - 1) * limit : 0 }).then((found) => goneOnFrom(cursor, found, (name) => findVpsByUsername(pool, name))),
      countVps(pool, filter),
    ]);
    return { ...pageView({ items, nextCursor }, listedVpsView), total };
  });

  app.get("/vps/:username", {
    schema: { tags: ["operators"], summary: "One user", params: USERNAME_PARAMS, response: { 200: { description: "The record.", content: { "application/json": { schema: ADMIN_VPS_DETAIL_VIEW } } }, ...refusals(401, 403, 404) } },
  }, async ({ params }) => readAdminVpsView({ pool, pace }, await findUser(pool, params.username)));
};
