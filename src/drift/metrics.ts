import { Gauge } from "prom-client";
import type { Registry } from "prom-client";
import { SECOND_MS } from "../../providers/core/time.ts";
import type { Queryable } from "../db/queryable.ts";
import { countOpenFindings } from "./findings.ts";
import { FINDING_KIND_NAMES } from "./kinds.ts";
import { lastSweep } from "./sweeps.ts";

/** Read from the database when asked for, so every process gives the same numbers: take the maximum, not the sum. */
export function addDriftMetrics(registry: Registry, db: Queryable, onProblem: (error: unknown) => void): void {
  const findings = new Gauge({
    name: "user_vps_findings", help: "Open findings of the sweeps, by kind.", labelNames: ["kind"], registers: [registry],
    async collect() {
      await countOpenFindings(db).then((counts) => { for (const kind of FINDING_KIND_NAMES) findings.set({ kind }, counts.get(kind) ?? 0); }, onProblem);
    },
  });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const apiCalls = gauge("user_vps_sweep_api_calls", "API calls of the last sweep that succeeded.");
  const finishedAt = gauge("user_vps_sweep_finished_timestamp_seconds", "When the last sweep that succeeded was finished.");
  const seconds: Gauge = new Gauge({
    name: "user_vps_sweep_seconds", help: "Seconds that the last sweep took that succeeded, without previews.", registers: [registry],
    async collect() {
      await lastSweep(db).then((last) => {
        if (!last) return;
        seconds.set(last.seconds ?? 0);
        apiCalls.set(last.apiCalls ?? 0);
        finishedAt.set((last.finishedAt?.getTime() ?? 0) / SECOND_MS);
      }, onProblem);
    },
  });
}
