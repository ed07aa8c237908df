/** What machines write may hold NUL, and halves of surrogate pairs: PostgreSQL keeps neither, and what is recorded is recorded all the same. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { PgBoss } from "pg-boss";
import { z } from "zod";
import { saveFindings, savePreview } from "../../src/drift/findings.ts";
import { shown } from "../../src/drift/shown-value.ts";
import { startQueue } from "../../src/jobs/index.ts";
import { performJob } from "../../src/jobs/perform-job.ts";
import { answerQuestions, ask } from "../../src/jobs/questions.ts";
import { changedProperties } from "../../src/provisioning/changed-properties.ts";
import type { RunHooks } from "../../src/provisioning/engine.ts";
import { beginWait, createCredentialsCipher, findRun, findVpsByUserId, finishRun, requestVps, setVpsStatus, startRun } from "../../src/records/index.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool, url } = await withDatabase();
eachBeginsEmpty({ pool });
let boss: PgBoss;
beforeAll(async () => {
  boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
});
afterAll(() => boss.stop({ graceful: false }));

const ODD = "a\0b\ud83d";
/** A key whose comment has an emoji where a value is cut. */
const LONG_KEY = `ssh-ed25519 ${"A".repeat(287)}😀${"z".repeat(50)}`;
const signUp = (username: string) => requestVps(pool, { userId: `u-${username}`, username, hostname: `${username}.spoq.dev`, plan: "p", templateId: 1, dataCenterId: 9, sshPublicKey: null });

describe("an odd text", () => {
  it("is no reason why a run cannot be ended", async () => {
    await signUp("alice");
    const changed = changedProperties({ op: "update", old: { inputs: { publicKey: LONG_KEY } }, new: { inputs: { publicKey: "ssh-ed25519 AAAA" } } });
    assert.equal(changed[0]?.before?.isWellFormed(), true);
    await startRun(pool, { runId: "odd", userId: "u-alice", username: "alice", operation: "up", workerId: "w", hostId: "h", pid: 1 }, { kind: "retry", requestedBy: "olga", reason: ODD.replace("\0", "") });
    assert.equal(await finishRun(pool, "odd", { outcome: "failed", message: ODD, seconds: 1, resources: [{ type: "VirtualMachine", name: ODD, operation: "update", seconds: 1, outputs: { [ODD]: ODD }, changed }] }), true);
    const run = await findRun(pool, "odd");
    assert.deepEqual([run?.message, run?.resources?.[0]?.name, run?.resources?.[0]?.changed?.[0]?.before], ["ab\ufffd", "ab\ufffd", changed[0]?.before]);
  });

  it("is no reason why a status or a wait cannot be told", async () => {
    await signUp("bob");
    await setVpsStatus(pool, "u-bob", { waitingFor: ODD, reason: ODD, nextStep: ODD });
    assert.equal((await findVpsByUserId(pool, "u-bob"))?.reason, "ab\ufffd");
    await beginWait(pool, { userId: "u-bob", username: "bob", hostname: "bob.spoq.dev", what: "health", vmId: 1, address: "192.0.2.1", seen: ODD, limitSeconds: 60 });
  });

  it("is no reason why a sweep fails", async () => {
    const [finding] = await saveFindings(pool, { findings: [{ kind: "VmStopped", subject: "carol", userId: "u-carol", username: "carol", declared: ODD, actual: ODD } as never], unexamined: [], unprobed: [] });
    const value = shown(LONG_KEY);
    assert.equal(value.isWellFormed(), true);
    await savePreview(pool, [finding!.findingId], { error: ODD });
  });

  it("is no reason why a worker's answer does not come", async () => {
    const answering = await answerQuestions({ boss, queue: "odd-questions", limitMs: 60_000, schema: z.object({}), answer: async () => ({ lines: [ODD] }), redact: (text) => text, log: () => undefined });
    try {
      assert.deepEqual(await ask(boss, "odd-questions", {}, 10_000), { lines: ["ab\ufffd"] });
    } finally {
      await answering.stop();
    }
  });
});

describe("a run whose account of what it did cannot be written", () => {
  it("is ended without it", async () => {
    await signUp("dora");
    await setVpsStatus(pool, "u-dora", { status: "ready" });
    const log: string[] = [];
    const engine = {
      clearInterruptedRun: async () => undefined, vms: async () => [],
      refresh: async (_request: unknown, { onEvent }: RunHooks) => {
        onEvent?.({ kind: "resource-ended", type: "VirtualMachine", name: "vm", operation: "read", seconds: 1n as never, failed: false });
        throw new Error("The engine stopped.");
      },
    };
    const context = {
      boss, pool, databaseUrl: url, engine, settings: { runLimitMinutes: 5 }, secrets: [], workerId: "worker", hostId: "host", log: (line: string) => log.push(line),
      cipher: createCredentialsCipher([{ id: "test", key: Buffer.alloc(32) }]), vms: {}, purchases: { guard: { pool } }, handOver: new AbortController().signal,
    };
    await performJob(context as never, { operation: "refresh", userId: "u-dora" }, 0);
    const { rows: [run] } = await pool.query("SELECT outcome, resources FROM vps_runs WHERE user_id = 'u-dora'");
    assert.deepEqual(run, { outcome: "failed", resources: null }, log.join("\n"));
  });
});
