import { code, table } from "../markdown.ts";

/** The service's own metrics with their help texts and labels, from what /metrics answers. */
export function metricsTable(metrics: string): string {
  const rows = [...metrics.matchAll(/^# HELP (user_vps_\w+) (.*)$/gm)].map(([, name = "", help = ""]) => {
    const type = new RegExp(`^# TYPE ${name} (\\w+)$`, "m").exec(metrics)?.[1] ?? "";
    return [code(name), type, help];
  });
  return table(["metric", "type", "what"], rows.toSorted(([a = ""], [b = ""]) => a.localeCompare(b)));
}
