import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { countVpsByStatus, VPS_STATUSES, type VpsStatus } from "../../records/index.ts";
import { NUMBER_RANGES, readFleetNumbers, type NumberRange } from "../../web/fleet-numbers.ts";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";

const QUERY = z.strictObject({ range: z.enum(Object.keys(NUMBER_RANGES) as NumberRange[]).default("day") });

const STEP = z.object({
  at: z.iso.datetime().describe("The end of the step."),
  ready: z.int(),
  failedRuns: z.int().describe("Within the step."),
  secondsToReadyP50: z.number().nullable(),
  secondsToReadyP95: z.number().nullable(),
  monthlySpendCents: z.int().describe("What the VMs that are paid cost a month at their plans' renewal prices, in cents of the catalog's currency; a first term may cost less."),
});

const NUMBERS = z.object({
  users: z.object(Object.fromEntries(VPS_STATUSES.map((status) => [status, z.int()])) as Record<VpsStatus, z.ZodInt>).describe("By status, now."),
  stepSeconds: z.int(),
  steps: z.array(STEP).describe("Oldest first."),
}).meta({ id: "FleetNumbers" });

/** GET /api/admin/numbers: the fleet over time. */
export const webNumbersRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool }) => {
  app.get("/numbers", {
    schema: { tags: ["operators"], summary: "The fleet over time", querystring: QUERY, response: { 200: { description: "Now, and step by step.", content: { "application/json": { schema: NUMBERS } } }, ...refusals(401, 403) } },
  }, async ({ query: { range } }) => {
    const [users, steps] = await Promise.all([countVpsByStatus(pool), readFleetNumbers(pool, range)]);
    return { users, stepSeconds: NUMBER_RANGES[range].stepSeconds, steps: steps.map(({ at, ...step }) => ({ at: at.toISOString(), ...step })) };
  });
};
