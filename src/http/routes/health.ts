import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";
import { readiness, READINESS_CHECKS } from "../readiness.ts";

/** GET /healthz: the process answers. GET /readyz: it can do its work, for a load balancer. */
export const healthRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, context) => {
  app.get("/healthz", {
    schema: { tags: ["operation"], summary: "The process answers", response: { 200: { description: "It does.", content: { "application/json": { schema: z.object({ status: z.literal("ok") }) } } } } },
  }, async () => ({ status: "ok" as const }));

  app.get("/readyz", {
    schema: { tags: ["operation"], summary: "The service can do its work", response: { 200: { description: "It can.", content: { "application/json": { schema: z.object({ status: z.literal("ready"), checks: z.record(z.string(), z.literal("ok")) }) } } }, ...refusals() } },
  }, async () => {
    const problems = await readiness(context);
    const details = READINESS_CHECKS.flatMap((path) => (problems[path] === undefined ? [] : [{ path, message: problems[path] }]));
    if (details.length > 0) throw new HttpError("NOT_READY", `Not ready: ${details.map(({ path }) => path).join(", ")}.`, { details, headers: { "retry-after": "5" } });
    return { status: "ready" as const, checks: Object.fromEntries(READINESS_CHECKS.map((name) => [name, "ok" as const])) };
  });
};
