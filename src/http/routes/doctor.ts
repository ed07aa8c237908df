import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { SECOND_MS } from "../../../providers/core/time.ts";
import { CHECK_NAMES, CHECK_RESULTS, CHECKS, failed, inOrder, ok, type Finding } from "../../doctor/index.ts";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";
import { readiness } from "../readiness.ts";

/** However many look, Hostinger and Cloudflare are asked no more often. */
const KEPT_MS = 20 * SECOND_MS;
const START_WORKER = "Start one with `npm start -- --role worker`, or look into its log: it says what it lacks.";

const REPORT = z.object({
  lookedAt: z.iso.datetime().describe(`It is kept for ${KEPT_MS / SECOND_MS} s.`),
  well: z.boolean().describe("Nothing has to be mended."),
  checks: z.array(z.object({
    check: z.enum(CHECK_NAMES),
    meaning: z.string(),
    result: z.enum(CHECK_RESULTS).describe("`skipped`: it could not be told, because of something that another check tells, or because a setting is not set."),
    found: z.string(),
    mend: z.string().nullable().describe("What to do; only if it failed."),
  })),
}).meta({ id: "DoctorReport" });

type Report = z.output<typeof REPORT>;

/** GET /api/admin/doctor: what `user-vps doctor` finds where a worker runs. */
export const doctorRoute: FastifyPluginAsyncZod<HttpContext> = async (app, context) => {
  let kept: { readonly untilMs: number; readonly report: Promise<Report> } | undefined;

  app.get("/doctor", {
    // HEAD would have a worker look for nothing.
    exposeHeadRoute: false,
    schema: {
      tags: ["operators"], summary: "Everything that is needed, and how to mend what is not right",
      description: "A worker looks; it changes nothing and buys nothing. Without one, what this process can tell.",
      response: { 200: { description: "As it was found.", content: { "application/json": { schema: REPORT } } }, ...refusals(401, 403) },
    },
  }, async () => {
    if (kept === undefined || kept.untilMs < Date.now()) {
      // Those who ask while it is looked wait for the same look.
      const looking = { untilMs: Number.POSITIVE_INFINITY, report: look(context) };
      kept = looking;
      const keep = (untilMs: number) => { if (kept === looking) kept = { ...looking, untilMs }; };
      looking.report.then(() => keep(Date.now() + KEPT_MS), () => keep(0));
    }
    return kept.report;
  });
};

async function look(context: HttpContext): Promise<Report> {
  const found = await context.doctor();
  const answered = found !== undefined && "findings" in found;
  const findings = answered ? [ok("worker", `one on ${found.hostId} has looked`), ...found.findings] : [failed("worker", found === undefined ? "none has answered in time" : found.error, START_WORKER), ...(await ofThisProcess(context))];
  return {
    lookedAt: new Date().toISOString(),
    well: findings.every(({ result }) => result !== "failed"),
    checks: inOrder(findings).map(({ check, result, found: what, mend }) => ({ check, meaning: CHECKS[check], result, found: what, mend: mend ?? null })),
  };
}

async function ofThisProcess(context: HttpContext): Promise<Finding[]> {
  const { database, migrations } = await readiness(context);
  return [
    database === undefined ? ok("database", "PostgreSQL answers") : failed("database", database, "Check that PostgreSQL runs and lets the service in."),
    migrations === undefined ? ok("migrations", "all applied") : failed("migrations", migrations, "Restart the service: it applies them."),
  ];
}
