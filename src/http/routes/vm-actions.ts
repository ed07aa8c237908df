import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { specificationState } from "../../../providers/hostinger/api/client.ts";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { findUser, USERNAME_PARAMS } from "../operated-user.ts";
import { NUMBERED_PAGE, pageOf, pageView, pageWithin } from "../paging.ts";

const ACTION = z.object({
  actionId: z.number(),
  name: z.string(),
  progress: z.enum(["running", "completed", "failed"]),
  state: z.string().describe("Hostinger's own word for it."),
  // A worker has made them so; see providers/hostinger/api/fields.ts.
  createdAt: z.string().meta({ format: "date-time" }).nullable(),
  updatedAt: z.string().meta({ format: "date-time" }).nullable(),
}).meta({ id: "VmAction" });
const ACTIONS = pageOf(ACTION, "VmActionPage", { vmId: z.number() });

export type VmActionsView = z.output<typeof ACTIONS>;

/** GET /api/admin/vps/{username}/actions: asked of a worker, which alone has Hostinger's token. */
export const vmActionsRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, vmActions }) => {
  app.get("/vps/:username/actions", {
    // HEAD would have Hostinger asked for nothing.
    exposeHeadRoute: false,
    schema: {
      tags: ["operators"], summary: "What was done to the VM at Hostinger, newest first", params: USERNAME_PARAMS, querystring: z.strictObject(NUMBERED_PAGE),
      description: "A worker asks Hostinger for the last 50; it changes nothing.",
      response: { 200: { description: "The actions.", content: { "application/json": { schema: ACTIONS } } }, ...refusals(401, 403, 404, 409) },
    },
  }, async ({ params, query }) => {
    const user = await findUser(pool, params.username);
    if (user.hostingerVmId === null) throw new HttpError("STATUS_CONFLICT", `'${user.username}' has no VM yet.`);
    const answer = await vmActions(user.userId);
    if (!answer) throw new HttpError("NOT_READY", "No worker has answered in time.", { headers: { "retry-after": "30" } });
    if ("error" in answer) throw new HttpError("HOSTINGER_FAILED", `Hostinger could not be asked: ${answer.error}`);
    return {
      vmId: answer.vmId,
      ...pageView(pageWithin(answer.actions, query, ({ id }) => id), ({ id, name, state, createdAt, updatedAt }) => ({ actionId: id, name, state, progress: specificationState({ state }), createdAt, updatedAt })),
    };
  });
};
