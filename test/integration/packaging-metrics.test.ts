import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import { withApp } from "../support/http-app.ts";

const { app, pool } = await withApp();
const read = (path: string) => readFileSync(resolve(import.meta.dirname, "..", "..", "packaging", path), "utf8");

/** By what Prometheus would scrape: a histogram is three. */
async function knownMetrics(): Promise<ReadonlySet<string>> {
  await app.inject({ url: "/healthz" });
  const { body } = await app.inject({ url: "/metrics" });
  return new Set([...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, type]) => (type === "histogram" ? ["bucket", "sum", "count"].map((suffix) => `${name}_${suffix}`) : [name!])));
}

/** The metrics that an expression names: what is neither a function, nor a word of the language, nor within braces or a list of labels. */
function metricsIn(expression: string): string[] {
  const bare = expression.replaceAll(/"[^"]*"/g, "").replaceAll(/\{[^}]*\}/g, "").replaceAll(/\[[^\]]*\]/g, "").replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, " ");
  return [...bare.matchAll(/(?<![\w.])[a-zA-Z_:][\w:]*(?!\w|\s*\()/g)].map(([name]) => name).filter((name) => !["and", "or", "unless", "bool", "offset"].includes(name));
}

function unknownIn(expressions: readonly string[], known: ReadonlySet<string>): string[] {
  return expressions.flatMap((expression) => {
    const names = metricsIn(expression);
    return names.length === 0 ? [`no metric in: ${expression}`] : names.filter((name) => !known.has(name));
  });
}

const alerts = () => [...read("prometheus/user-vps-alerts.yaml").matchAll(/^ +expr: (.+)$/gm)].map(([, expression]) => expression!);
const panels = () => (JSON.parse(read("grafana/user-vps.json")) as { panels: { title: string; targets: { expr: string }[] }[] }).panels;

describe("what watches the service", () => {
  it("names metrics that there are: the alert rules", async () => {
    assert.ok(alerts().length >= 10);
    assert.deepEqual(unknownIn(alerts(), await knownMetrics()), []);
  });

  it("names metrics that there are: the dashboard", async () => {
    assert.ok(panels().length >= 10);
    assert.deepEqual(unknownIn(panels().flatMap(({ targets }) => targets.map(({ expr }) => expr)), await knownMetrics()), []);
  });

  it("each alert has a name of its own and says what it is about", () => {
    const text = read("prometheus/user-vps-alerts.yaml");
    const names = [...text.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    assert.equal(new Set(names).size, names.length);
    for (const part of [/^ +summary: ".+"$/gm, /severity: (warning|critical)/g]) assert.equal([...text.matchAll(part)].length, names.length);
    assert.equal(alerts().length, names.length);
  });

  it("judges what is counted from the first day on by what was added lately", () => {
    for (const expression of alerts().filter((one) => /user_vps_(runs|seconds_to_ready_bucket)\{/.test(one))) {
      const counted = [...expression.matchAll(/(user_vps_(?:runs|seconds_to_ready_bucket)\{[^}]*\})( offset \w+|\[\w+\])?/g)].map(([, series, window]) => ({ series, window }));
      for (const { series, window } of counted) assert.ok(window !== undefined || counted.some((other) => other.series === series && other.window !== undefined), expression);
    }
  });

  it("is told nothing of what is in the database while that cannot be read: neither what was, nor 0", async () => {
    const told = async () => (await app.inject({ url: "/metrics" })).body.split("\n").filter((line) => line.startsWith("user_vps_") && !line.startsWith("user_vps_http_"));
    const before = await told();
    assert.ok(before.some((line) => line.startsWith("user_vps_users{")) && before.some((line) => line.startsWith("user_vps_purchases_on ")));
    const { query } = pool;
    pool.query = (() => Promise.reject(new Error("an example of an outage")));
    try {
      for (let looks = 0; looks < 100 && (await told()).length > 0; looks += 1) await sleep(100);
      assert.deepEqual(await told(), []);
    } finally {
      pool.query = query;
    }
    assert.deepEqual((await told()).length, before.length);
  });

  it("would tell a metric that there is not", async () => {
    const known = await knownMetrics();
    assert.deepEqual(unknownIn(['max by (kind) (user_vps_gone{kind="x"}) > 0', "histogram_quantile(0.9, sum by (le) (rate(user_vps_http_seconds_bucket[5m])))", "user_vps_http_seconds > 1 or user_vps_users"], known), ["user_vps_gone", "user_vps_http_seconds"]);
  });
});
