import type { FindingView } from "../../http/routes/drift.ts";
import { moment, shortened, table } from "../output.ts";

/** A row for each; why `up` does not mend one is told below, once for all of its kind. */
export function findingsText(findings: readonly FindingView[], { resolved = false } = {}): string {
  const rows = findings.map(({ findingId, kind, username, subject, declared, actual, firstSeen, resolvedAt, repair }) => [
    findingId, kind, username ?? subject, shortened(declared), shortened(actual), moment(firstSeen),
    ...(resolved ? [moment(resolvedAt) ?? "open"] : []), resolvedAt ? null : repair.by === "up" ? "by up" : "not by up",
  ]);
  const open = findings.filter(({ repair, resolvedAt }) => repair.by === "nothing" && resolvedAt === null);
  const reasons = [...Map.groupBy(open, ({ repair }) => repair.why)].map(([why, of]) => `${of.map(({ findingId }) => findingId).join(", ")}: ${why}`);
  const head = ["ID", "KIND", "OF", "DECLARED", "ACTUAL", "SINCE (UTC)", ...(resolved ? ["RESOLVED (UTC)"] : []), "REPAIR"];
  return [table(head, rows, "no findings"), ...(reasons.length > 0 ? ["", ...reasons] : [])].join("\n");
}
