import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, describe, it } from "vitest";
import { currentTraceparent, inSpan, isTracing, openSpan, startTracing, tracesUrl, useTracer, withinSpan } from "../../../providers/core/tracing.ts";
import type { SpanWish } from "../../../providers/core/span.ts";

const CHECKOUT = resolve(import.meta.dirname, "..", "..", "..");
const PARENT = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;

interface Ended extends SpanWish { readonly failed?: string | undefined }

function record(): Ended[] {
  const ended: Ended[] = [];
  let spans = 0;
  useTracer({
    start: (wish) => {
      const traceparent = `00-${"a".repeat(32)}-${String(++spans).padStart(16, "0")}-01`;
      return { traceparent, set: () => undefined, end: (failed) => void ended.push({ ...wish, failed }) };
    },
    flush: async () => undefined,
  });
  return ended;
}
afterEach(() => useTracer(undefined));

describe("where traces go", () => {
  it("is told by the usual names", () => {
    assert.equal(tracesUrl({}), undefined);
    assert.equal(tracesUrl({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318/" }), "http://127.0.0.1:4318/v1/traces");
    assert.equal(tracesUrl({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://a", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://b/x" }), "http://b/x");
    assert.equal(tracesUrl({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://a", OTEL_SDK_DISABLED: "true" }), undefined);
  });
});

describe("without a receiver", () => {
  it("nothing is traced, and the work is done as it is", async () => {
    await startTracing({});
    assert.equal(isTracing(), false);
    assert.equal(await inSpan({ name: "x" }, async (span) => span ?? "done"), "done");
    assert.equal(openSpan({ name: "x" }), undefined);
    assert.equal(currentTraceparent(), undefined);
  });

  it("nothing of OpenTelemetry is loaded", () => {
    const folder = mkdtempSync(join(tmpdir(), "user-vps-tracing-"));
    try {
      const loaded = (env: object) => {
        const file = join(folder, "loaded.json");
        const program = `const { startTracing } = await import(${JSON.stringify(join(CHECKOUT, "providers/core/tracing.ts"))}); await import(${JSON.stringify(join(CHECKOUT, "providers/core/http.ts"))}); await startTracing(${JSON.stringify(env)});`;
        const { status, stderr } = spawnSync(process.execPath, ["--import", join(CHECKOUT, "test/support/loaded-packages.ts"), "--input-type=module", "-e", program], { encoding: "utf8", env: { PATH: process.env["PATH"], LOADED_PACKAGES: file } });
        assert.equal(status, 0, stderr);
        return (JSON.parse(readFileSync(file, "utf8")) as string[]).filter((name) => name.startsWith("@opentelemetry/"));
      };
      assert.deepEqual(loaded({}), []);
      assert.ok(loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" }).includes("@opentelemetry/sdk-trace-base"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("a span", () => {
  it("is within the one around it, or within the parent that is named", async () => {
    const ended = record();
    await inSpan({ name: "outer", parent: PARENT }, async (outer) => {
      assert.equal(currentTraceparent(), outer!.traceparent);
      await inSpan({ name: "inner" }, async () => undefined);
      await withinSpan(PARENT, async () => inSpan({ name: "named" }, async () => undefined));
    });
    assert.deepEqual(ended.map(({ name, parent }) => [name, parent]), [["inner", `00-${"a".repeat(32)}-${"1".padStart(16, "0")}-01`], ["named", PARENT], ["outer", PARENT]]);
    assert.equal(currentTraceparent(), undefined);
  });

  it("takes no parent that is malformed, whoever sent it", () => {
    record();
    const parents: (string | undefined)[] = [];
    useTracer({ start: ({ parent }) => { parents.push(parent); return { traceparent: PARENT, set: () => undefined, end: () => undefined }; }, flush: async () => undefined });
    for (const parent of ["x", `${PARENT}\r\nx: y`, `00-${"0".repeat(32)}-${"b".repeat(16)}-01`, PARENT]) openSpan({ name: "x", parent });
    assert.deepEqual(parents, [undefined, undefined, undefined, PARENT]);
  });

  it("of what failed tells its code and no message", async () => {
    const ended = record();
    await assert.rejects(inSpan({ name: "x" }, async () => { throw Object.assign(new Error("fake-secret"), { code: "VM_ERROR" }); }), /fake-secret/);
    assert.deepEqual(ended.map(({ failed }) => failed), ["VM_ERROR"]);
  });
});
