import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { messageOf } from "../../../providers/core/errors.ts";
import { SECOND_MS, sleep } from "../../../providers/core/time.ts";
import { missingMigrations } from "../../db/migrate.ts";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";
import { HttpError } from "../http-error.ts";

const CHECK_TIMEOUT_MS = 3 * SECOND_MS;

/** GET /healthz: the process answers. GET /readyz: it can do its work, for a load balancer. */
export const healthRoutes: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, jobs }) => {
  const checks: Readonly<Record<string, () => Promise<unknown>>> = {
    database: () => pool.query("SELECT 1"),
    migrations: async () => {
      const missing = await missingMigrations(pool);
      if (missing.length > 0) throw new Error(`not applied: ${missing.join(", ")}`);
    },
    queue: async () => jobs.check?.(),
  };

  app.get("/healthz", {
    schema: { tags: ["operation"], summary: "The process answers", response: { 200: { description: "It does.", content: { "application/json": { schema: z.object({ status: z.literal("ok") }) } } } } },
  }, async () => ({ status: "ok" as const }));

  app.get("/readyz", {
    schema: { tags: ["operation"], summary: "The service can do its work", response: { 200: { description: "It can.", content: { "application/json": { schema: z.object({ status: z.literal("ready"), checks: z.record(z.string(), z.literal("ok")) }) } } }, ...refusals() } },
  }, async () => {
    const problems = await Promise.all(Object.entries(checks).map(async ([path, check]) => {
      const message = await problemOf(check);
      return message === undefined ? [] : [{ path, message }];
    }));
    const details = problems.flat();
    if (details.length > 0) throw new HttpError("NOT_READY", `Not ready: ${details.map(({ path }) => path).join(", ")}.`, { details, headers: { "retry-after": "5" } });
    return { status: "ready" as const, checks: Object.fromEntries(Object.keys(checks).map((name) => [name, "ok" as const])) };
  });
};

async function problemOf(check: () => Promise<unknown>): Promise<string | undefined> {
  const timer = new AbortController();
  const tooLate = sleep(CHECK_TIMEOUT_MS, timer.signal).then(() => { throw new Error("no answer in time"); });
  try {
    await Promise.race([check(), tooLate]);
    return undefined;
  } catch (error) {
    return messageOf(error) || "not reachable";
  } finally {
    timer.abort();
    tooLate.catch(() => undefined);
  }
}
