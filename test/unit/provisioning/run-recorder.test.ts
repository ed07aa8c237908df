import assert from "node:assert/strict";
import { afterEach, describe, it, vi } from "vitest";
import type { Queryable } from "../../../src/db/queryable.ts";
import { createRedactor } from "../../../src/provisioning/redact.ts";
import { createRunRecorder } from "../../../src/provisioning/run-recorder.ts";

function recorder(fail = false) {
  const written: unknown[][] = [];
  const errors: unknown[] = [];
  const query = async (_text: string, values: readonly unknown[] = []) => {
    if (fail) throw new Error("the database is away");
    written.push([...values]);
    return { rows: [], rowCount: 0 };
  };
  const made = createRunRecorder({ db: { query } as unknown as Queryable, runId: "r", userId: "u", redactor: createRedactor("a-secret-value"), onError: (error) => errors.push(error) });
  return { made, written, errors };
}

/** A database that takes its time with each statement, and notes what it is given. */
function slowRecorder(takesMs: number) {
  const written: unknown[][] = [];
  const errors: unknown[] = [];
  const query = async (_text: string, values: readonly unknown[] = []) => {
    written.push([...values]);
    await new Promise((resolve) => setTimeout(resolve, takesMs));
    return { rows: [], rowCount: 0 };
  };
  const made = createRunRecorder({ db: { query } as unknown as Queryable, runId: "r", userId: "u", redactor: createRedactor(), onError: (error) => errors.push(error) });
  return { made, written, errors };
}
const says = (text: string) => ({ kind: "message", severity: "info", text }) as const;

const started = (type: string, operation: string) => ({ kind: "resource-started", type, name: "x", operation }) as const;

afterEach(() => { vi.useRealTimers(); });

describe("createRunRecorder", () => {
  it("turns the engine's resources into phases, in their order", async () => {
    const { made, written } = recorder();
    made.onEvent(started("pulumi-nodejs:dynamic/user-vps:Credentials", "create"));
    made.onEvent(started("cloudflare:index/dnsRecord:DnsRecord", "same"));
    made.onEvent(started("user-vps:index:UserVps", "create"));
    made.onEvent(started("pulumi-nodejs:dynamic/user-vps:HealthCheck", "delete"));
    await made.flush();
    assert.deepEqual(written, [["r", "u", "credentials"], ["r", "u", "dns"]]);
  });

  it("writes what is waited for and the log without secrets", async () => {
    const { made, written } = recorder();
    made.onEvent({ kind: "message", severity: "info", text: "waiting with a-secret-value" });
    made.onLine("line a-secret-value");
    await made.flush();
    assert.ok(written.length === 2 && !JSON.stringify(written).includes("a-secret-value"));
  });

  it("keeps the seconds of each resource", () => {
    const { made } = recorder();
    made.onEvent({ kind: "resource-ended", type: "a:b:VirtualMachine", name: "vm", operation: "create", seconds: 1.5, failed: true });
    assert.deepEqual(made.resources(), [{ type: "VirtualMachine", name: "vm", operation: "create failed", seconds: 1.5 }]);
  });

  it("writes down the VM as soon as the engine reports it, whether its step succeeded or not", async () => {
    const { made, written } = recorder();
    made.onEvent({ kind: "resource-ended", type: "a:b:VirtualMachine", name: "vm", operation: "create", seconds: 1, failed: true, outputs: { vmId: 17_923, ipv4: "192.0.2.7", orderId: "o-1", state: "initial" } });
    made.onEvent({ kind: "resource-ended", type: "a:b:VirtualMachine", name: "vm", operation: "delete-replaced", seconds: 1, failed: false, outputs: { vmId: 1 } });
    await made.flush();
    assert.deepEqual(written, [["u", 17_923, "192.0.2.7", "o-1", "r"]]);
  });

  it("keeps the log of a size that can be read", async () => {
    const { made, written } = recorder();
    made.onLine("x".repeat(10_000));
    for (let line = 0; line < 20_100; line += 1) made.onLine("y");
    await made.flush();
    const lines = written.flatMap((values) => values[1] as string[]);
    assert.equal(lines.length, 20_000);
    assert.ok(lines[0]!.length < 4_100 && /10000 characters/.test(lines[0]!));
    assert.match(lines.at(-1)!, /ends after 20000 lines/);
  });

  it("writes the newest of what is waited for, however much comes, and as often as the database takes it", async () => {
    vi.useFakeTimers();
    const { made, written } = slowRecorder(1_000);
    for (let second = 0; second < 10; second += 1) {
      for (let line = 0; line < 10_000; line += 1) made.onEvent(says(`${second} ${line} ${"x".repeat(50)}`));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    const flushed = made.flush();
    await vi.advanceTimersByTimeAsync(5_000);
    await flushed;
    assert.ok(written.length > 3 && written.length <= 11, `${written.length} statements`);
    assert.match(String(written.at(-1)?.[2]), /^9 9999 x+$/);
  });

  it("says nothing of what was waited for in a phase that is over", async () => {
    const { made, written } = recorder();
    made.onEvent(says("the script"));
    made.phase("vm");
    await made.flush();
    assert.deepEqual(written, [["r", "u", "vm"]]);
  });

  it("ends within its limit where the database takes nothing, and drops the rest", async () => {
    vi.useFakeTimers();
    const { made, written, errors } = slowRecorder(1_000_000);
    made.phase("engine");
    made.onLine("x");
    const flushed = made.flush();
    await vi.advanceTimersByTimeAsync(31_000);
    await flushed;
    assert.equal(errors.length, 1);
    made.onLine("y");
    await made.flush();
    await vi.advanceTimersByTimeAsync(2_000_000);
    assert.deepEqual(written, [["r", "u", "engine"]]);
  });

  it("lets the run go on while nothing can be written", async () => {
    const { made, errors } = recorder(true);
    made.phase("engine");
    made.onLine("x");
    await made.flush();
    assert.equal(errors.length, 2);
  });
});
