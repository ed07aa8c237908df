import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { DATA_CENTERS } from "../../../providers/hostinger/api/specification.ts";
import { countOpenFindings, countUsersWithFindings } from "../../drift/findings.ts";
import { FINDING_KIND_NAMES, FINDING_KINDS } from "../../drift/kinds.ts";
import { countUncertain, readBreaker, readSwitch } from "../../purchases/index.ts";
import { countVpsByStatus, listRollOuts, readFleetFacets, VPS_STATUSES, type VpsStatus } from "../../records/index.ts";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";

const FLEET = z.object({
  users: z.object(Object.fromEntries(VPS_STATUSES.map((status) => [status, z.int()])) as Record<VpsStatus, z.ZodInt>).describe("By status, now."),
  usersWithFindings: z.int(),
  findings: z.array(z.object({ kind: z.enum(FINDING_KIND_NAMES), meaning: z.string(), count: z.int() })).describe("What is open, most first."),
  purchasesInDoubt: z.int().describe("That an operator has to decide about."),
  purchasesHeldBack: z.string().nullable().describe("Why nothing is bought at the moment, if so."),
  rollOut: z.object({ rollOutId: z.string(), version: z.string(), outcome: z.enum(["running", "stopped"]) }).nullable().describe("The newest, if it goes on or was stopped by its failures."),
  plans: z.array(z.string()),
  dataCenters: z.array(z.object({ id: z.int(), name: z.string() })),
  releases: z.array(z.string()).describe("Newest first."),
}).meta({ id: "Fleet" });

/** GET /api/admin/fleet: how many of what, what needs somebody, and by what users can be told apart. */
export const webFleetRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { pool, settings }) => {
  app.get("/fleet", {
    schema: { tags: ["operators"], summary: "The fleet at a glance", response: { 200: { description: "As it is now.", content: { "application/json": { schema: FLEET } } }, ...refusals(401, 403) } },
  }, async () => {
    const [users, usersWithFindings, open, buying, breaker, purchasesInDoubt, rollOuts, facets] = await Promise.all([
      countVpsByStatus(pool), countUsersWithFindings(pool), countOpenFindings(pool), readSwitch(pool, settings.purchases), readBreaker(pool), countUncertain(pool), listRollOuts(pool, { limit: 1 }), readFleetFacets(pool),
    ]);
    const [newest] = rollOuts.items;
    const heldBack = !buying.isOn ? "Purchases are switched off." : breaker.state !== "closed" ? `Payments are refused: ${breaker.reason ?? "the reason is not known"}` : null;
    return {
      users, usersWithFindings,
      findings: FINDING_KIND_NAMES.filter((kind) => open.has(kind)).map((kind) => ({ kind, meaning: FINDING_KINDS[kind].meaning, count: open.get(kind)! })).toSorted((a, b) => b.count - a.count),
      purchasesInDoubt, purchasesHeldBack: heldBack,
      rollOut: newest && (newest.outcome === null || newest.outcome === "stopped") ? { rollOutId: newest.rollOutId, version: newest.version, outcome: newest.outcome ?? "running" as const } : null,
      plans: [...facets.plans], releases: [...facets.releases],
      dataCenters: facets.dataCenterIds.map((id) => ({ id, name: DATA_CENTERS.find((center) => center.id === id)?.city ?? String(id) })),
    };
  });
};
