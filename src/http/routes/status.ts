import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { findVpsByUserId } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import { callerOf } from "../caller.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { readVpsView, VPS_VIEW } from "../vps-view.ts";

/** GET /api/vps/status: the caller's own record. */
export const statusRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, pace }) => {
  app.get("/status", {
    schema: {
      tags: ["user"],
      summary: "How the caller's VPS is",
      response: { 200: { description: "The record.", content: { "application/json": { schema: VPS_VIEW } } }, ...refusals(401, 404) },
    },
  }, async (request) => {
    const record = await findVpsByUserId(pool, callerOf(request).userId);
    if (!record) throw new HttpError("VPS_NOT_FOUND", "The caller has not asked for a VPS.");
    return readVpsView({ pool, pace }, record);
  });
};
