import { Gauge } from "prom-client";
import type { Registry } from "prom-client";
import { SECOND_MS } from "../../providers/core/time.ts";
import type { Queryable } from "../db/queryable.ts";
import { countOpenFindings } from "./findings.ts";
import { FINDING_KIND_NAMES } from "./kinds.ts";
import { lastSweep } from "./sweeps.ts";
import type { SweepRecord } from "./sweeps.ts";

/** Read from the database when asked for, so every process gives the same numbers: take the maximum, not the sum. */
export function addDriftMetrics(registry: Registry, db: Queryable, onProblem: (error: unknown) => void): void {
  const findings = new Gauge({
    name: "user_vps_findings", help: "Open findings of the sweeps, by kind.", labelNames: ["kind"], registers: [registry],
    async collect() {
      await countOpenFindings(db).then((counts) => { for (const kind of FINDING_KIND_NAMES) findings.set({ kind }, counts.get(kind) ?? 0); }, onProblem);
    },
  });
  const ofLastSweep = (name: string, help: string, value: (sweep: SweepRecord) => number | null | undefined) => {
    const gauge: Gauge = new Gauge({
      name, help, registers: [registry],
      async collect() {
        await lastSweep(db).then((sweep) => { if (sweep) gauge.set(value(sweep) ?? 0); }, onProblem);
      },
    });
  };
  ofLastSweep("user_vps_sweep_seconds", "Seconds that the last sweep took that succeeded, without previews.", ({ seconds }) => seconds);
  ofLastSweep("user_vps_sweep_api_calls", "API calls of the last sweep that succeeded.", ({ apiCalls }) => apiCalls);
  ofLastSweep("user_vps_sweep_finished_timestamp_seconds", "When the last sweep that succeeded was finished.", ({ finishedAt }) => finishedAt && finishedAt.getTime() / SECOND_MS);
}
