/**
 * Metrics for Prometheus. What is in the database is read when it is asked for, so it is true whichever
 * worker did the work; every process gives the same numbers for it: take the maximum, not the sum.
 */
import type { FastifyInstance } from "fastify";
import { collectDefaultMetrics, Histogram, Registry } from "prom-client";
import { databaseGauges } from "../db/database-gauge.ts";
import type { Queryable } from "../db/queryable.ts";
import { countRuns, countSecondsToReady, countVpsByStatus, SECONDS_TO_READY_BOUNDS } from "../records/index.ts";

export function createMetrics(db: Queryable, onProblem: (error: unknown) => void): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = databaseGauges(registry, onProblem);
  gauge({
    name: "user_vps_users", help: "Users by status of their VPS.", labelNames: ["status"],
    read: async () => Object.entries(await countVpsByStatus(db)).map(([status, value]) => ({ value, labels: { status } })),
  });
  gauge({
    name: "user_vps_runs", help: "Runs of the engine by operation and outcome; 'open' for those that go on.", labelNames: ["operation", "outcome"],
    read: async () => (await countRuns(db)).map(({ operation, outcome, count }) => ({ value: count, labels: { operation, outcome: outcome ?? "open" } })),
  });
  // Not a Histogram of prom-client: that one counts what this process saw.
  gauge({
    name: "user_vps_seconds_to_ready_bucket", help: "Users whose VPS was ready within so many seconds (le) after it was asked for.", labelNames: ["le"],
    async read() {
      const { counts, total } = await countSecondsToReady(db);
      return [...SECONDS_TO_READY_BOUNDS.map((bound, place) => ({ value: counts[place] ?? 0, labels: { le: String(bound) } })), { value: total, labels: { le: "+Inf" } }];
    },
  });
  return registry;
}

/** Times every answer, by route and not by address, so that names do not become labels. */
export function measureAnswers(app: FastifyInstance, registry: Registry): void {
  const duration = new Histogram({
    name: "user_vps_http_seconds", help: "Seconds until an HTTP answer was sent.", labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10], registers: [registry],
  });
  app.addHook("onResponse", async (request, reply) => {
    duration.observe({ method: request.method, route: request.routeOptions.url ?? "none", status: reply.statusCode }, reply.elapsedTime / 1_000);
  });
}
