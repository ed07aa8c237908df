import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { REST_STATES } from "../../../providers/hostinger/vm-state.ts";
import { firstPage } from "../../db/page.ts";
import { listGiveUps, type GiveUp } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";
import { USERNAME_PARAMS } from "../operated-user.ts";
import { NUMBERED_PAGE, pageOf, pageView } from "../paging.ts";

const QUERY = z.strictObject({
  username: USERNAME_PARAMS.shape.username.optional().describe("Only of this user."),
  ...NUMBERED_PAGE,
});

const time = z.iso.datetime().nullable();

const GIVE_UP_VIEW = z.object({
  username: z.string(),
  vmId: z.number().nullable().describe("null: there was none, or it is not known yet."),
  subscriptionId: z.string().nullable(),
  plan: z.string(),
  dataCenterId: z.int(),
  paidUntil: time,
  requestedBy: z.string().describe("An operator's user id."),
  reason: z.string(),
  wipe: z.boolean(),
  requestedAt: z.iso.datetime(),
  dueAt: z.iso.datetime().describe("The end of the grace period."),
  cancelledAt: time,
  startedAt: time,
  stackRemovedAt: time,
  wipedAt: time.describe("null: the user's data may still be on the VM."),
  notWipedBecause: z.string().nullable().describe("Why the VM's state allowed no wipe."),
  stoppedAt: time,
  restState: z.enum(REST_STATES).nullable().describe("How the VM was left."),
  renewal: z.enum(["off", "unknown"]).nullable().describe("`unknown`: it is not known which subscription pays the VM, so it may be renewed; switch that off in the Hostinger panel."),
  endedAt: time,
  reusedBy: z.string().nullable().describe("The user who has got the wiped VM."),
  reusedAt: time,
  unusableBecause: z.string().nullable(),
}).meta({ id: "GivenUpVm" });

export type GivenUpVmView = z.output<typeof GIVE_UP_VIEW>;

const PAGE = pageOf(GIVE_UP_VIEW, "GivenUpVmPage");

/** GET /api/admin/given-up-vms: what was given up, by whom and why, and what stays paid until when. */
export const givenUpVmRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool }) => {
  app.get("/given-up-vms", {
    schema: { tags: ["operators"], summary: "What was given up, newest first", querystring: QUERY, response: { 200: { description: "A page.", content: { "application/json": { schema: PAGE } } }, ...refusals(401, 403) } },
  }, async ({ query: { limit, cursor, username } }) => {
    const found = await listGiveUps(pool, { limit: limit + 1, before: cursor, username });
    return pageView(firstPage(found, limit, ({ giveUpId }) => giveUpId), view);
  });
};

function view(giveUp: GiveUp): GivenUpVmView {
  const { username, vmId, subscriptionId, plan, dataCenterId, requestedBy, reason, wipe, notWipedBecause, restState, renewal, reusedBy, unusableBecause } = giveUp;
  const at = (moment: Date | null) => moment?.toISOString() ?? null;
  return {
    username, vmId, subscriptionId, plan, dataCenterId, requestedBy, reason, wipe, notWipedBecause, restState, renewal, reusedBy, unusableBecause,
    requestedAt: giveUp.requestedAt.toISOString(), dueAt: giveUp.dueAt.toISOString(),
    paidUntil: at(giveUp.paidUntil), cancelledAt: at(giveUp.cancelledAt), startedAt: at(giveUp.startedAt), stackRemovedAt: at(giveUp.stackRemovedAt),
    wipedAt: at(giveUp.wipedAt), stoppedAt: at(giveUp.stoppedAt), endedAt: at(giveUp.endedAt), reusedAt: at(giveUp.reusedAt),
  };
}
