import type { Route } from "../http/router.ts";
import { ok } from "../http/router.ts";
import { vmOf } from "./context.ts";
import type { Context } from "./context.ts";
import { HostingerError } from "./error.ts";
import { ONE_MACHINE } from "./virtual-machines.ts";

/** Made-up measurements, one an hour at most, the same for every VM. */
const MEASURED = {
  cpu_usage: { unit: "%", value: 1.45 },
  ram_usage: { unit: "bytes", value: 554_176_512 },
  disk_space: { unit: "bytes", value: 2_620_018_688 },
  outgoing_traffic: { unit: "bytes", value: 784_800 },
  incoming_traffic: { unit: "bytes", value: 8_978_400 },
  uptime: { unit: "milliseconds", value: 455_248 },
};
const HOUR_MS = 3_600_000;
const MAX_POINTS = 100;

export function metricRoutes(context: Context): Route[] {
  return [
    {
      method: "GET",
      pattern: `${ONE_MACHINE}/metrics`,
      handler: (request) => {
        vmOf(context, request);
        const times = measuredTimes(request.query.get("date_from"), request.query.get("date_to"));
        const series = Object.entries(MEASURED).map(([name, { unit, value }]) => [
          name,
          { unit, usage: Object.fromEntries(times.map((seconds) => [String(seconds), value])) },
        ]);
        return ok(Object.fromEntries(series));
      },
    },
  ];
}

/** UNIX times in seconds. */
function measuredTimes(from: string | null, to: string | null): number[] {
  const errors: Record<string, string[]> = {};
  if (from === null || Number.isNaN(Date.parse(from))) errors["date_from"] = ["The date from field is required."];
  if (to === null || Number.isNaN(Date.parse(to))) errors["date_to"] = ["The date to field is required."];
  const first = Object.values(errors)[0]?.[0];
  if (first !== undefined) throw new HostingerError(422, first, errors);
  const start = Date.parse(from ?? "");
  const count = Math.min(MAX_POINTS, Math.max(0, Math.ceil((Date.parse(to ?? "") - start) / HOUR_MS)));
  return Array.from({ length: count }, (_, hour) => Math.floor((start + hour * HOUR_MS) / 1_000));
}
