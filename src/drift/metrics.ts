import type { Registry } from "prom-client";
import { SECOND_MS } from "../../providers/core/time.ts";
import { databaseGauges } from "../db/database-gauge.ts";
import type { Queryable } from "../db/queryable.ts";
import { countOpenFindings } from "./findings.ts";
import { FINDING_KIND_NAMES } from "./kinds.ts";
import { lastSweep } from "./sweeps.ts";
import type { SweepRecord } from "./sweeps.ts";

/** Read from the database when asked for, so every process gives the same numbers: take the maximum, not the sum. */
export function addDriftMetrics(registry: Registry, db: Queryable, onProblem: (error: unknown) => void): void {
  const gauge = databaseGauges(registry, onProblem);
  gauge({
    name: "user_vps_findings", help: "Open findings of the sweeps, by kind.", labelNames: ["kind"],
    async read() {
      const counts = await countOpenFindings(db);
      return FINDING_KIND_NAMES.map((kind) => ({ value: counts.get(kind) ?? 0, labels: { kind } }));
    },
  });
  const ofLastSweep = (name: string, help: string, value: (sweep: SweepRecord) => number | null | undefined) =>
    gauge({ name, help, read: async () => { const sweep = await lastSweep(db); return [{ value: (sweep && value(sweep)) ?? 0 }]; } });
  ofLastSweep("user_vps_sweep_seconds", "Seconds that the last sweep took that succeeded, without previews.", ({ seconds }) => seconds);
  ofLastSweep("user_vps_sweep_api_calls", "API calls of the last sweep that succeeded.", ({ apiCalls }) => apiCalls);
  ofLastSweep("user_vps_sweep_finished_timestamp_seconds", "When the last sweep that succeeded was finished.", ({ finishedAt }) => finishedAt && finishedAt.getTime() / SECOND_MS);
}
