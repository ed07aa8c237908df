/** The service's HTTP side with a real database and jobs that are only noted, for operators' commands that run as processes; and what a worker would do. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { beforeEach } from "vitest";
import { sleep } from "../../providers/core/time.ts";
import type { FindingKind } from "../../src/drift/kinds.ts";
import type { DriftAnswer } from "../../src/drift/queues.ts";
import type { AskDoctor } from "../../src/doctor/index.ts";
import type { AskBootLog } from "../../src/jobs/boot-log.ts";
import type { AskVmActions } from "../../src/jobs/vm-actions.ts";
import { finishRun, requestVps, saveVpsResult, setVpsStatus, startRun } from "../../src/records/index.ts";
import type { Operation, VpsStatus } from "../../src/records/index.ts";
import { withListeningApp } from "../support/http-app.ts";
import { signToken } from "../support/tokens.ts";

/** One for each test file. */
export async function operatorsWorld() {
  const answers: { drift: DriftAnswer | undefined; actions: Awaited<ReturnType<AskVmActions>>; bootLog: Awaited<ReturnType<AskBootLog>>; doctor: Awaited<ReturnType<AskDoctor>> } = { drift: undefined, actions: undefined, bootLog: undefined, doctor: undefined };
  const { address, pool, jobs } = await withListeningApp({ drift: { stackDrift: async () => answers.drift }, vmActions: async () => answers.actions, bootLog: async () => answers.bootLog, doctor: async () => answers.doctor });
  const env = { USER_VPS_URL: address, USER_VPS_TOKEN: await signToken({ sub: "operator_1", scope: "vps:admin" }, { expiresInSeconds: 3_600 }) };

  beforeEach(() => void jobs.enqueued.splice(0));

  async function user(username: string, status: VpsStatus = "ready", vmId: number | null = 17_923): Promise<string> {
    const userId = `user_${username}`;
    await requestVps(pool, { userId, username, hostname: `${username}.spoq.dev`, plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
    await setVpsStatus(pool, userId, { status, phase: "done", ...(status === "failed" && { errorCode: "VM_ERROR", reason: "an example", nextStep: "none" }) });
    if (vmId !== null) await saveVpsResult(pool, userId, { hostingerVmId: vmId, address: "192.0.2.7" });
    return userId;
  }

  async function find(username: string | null, kinds: readonly FindingKind[], actual = "b"): Promise<number[]> {
    const { rows } = await pool.query<{ id: number }>(
      `INSERT INTO vps_findings (kind, subject, user_id, username, declared, actual, first_seen, last_seen)
       SELECT kind, $2, $3, $4, 'a', $5, now(), now() FROM unnest($1::text[]) AS kind RETURNING finding_id::int AS id`,
      [kinds, username ?? "17924", username && `user_${username}`, username, actual],
    );
    return rows.map(({ id }) => id);
  }
  const forget = () => pool.query("UPDATE vps_findings SET resolved_at = now() WHERE resolved_at IS NULL");

  async function runOf(username: string, operation: Operation, outcome: "succeeded" | "failed", status?: VpsStatus, errorCode = "VM_ERROR"): Promise<void> {
    const [runId, userId] = [randomUUID(), `user_${username}`];
    await startRun(pool, { runId, userId, username, operation, workerId: "w", hostId: "h", pid: 1 });
    if (status) await setVpsStatus(pool, userId, { status: "provisioning", phase: "vm" });
    await sleep(300);
    if (status) await setVpsStatus(pool, userId, { status, phase: "done" });
    await finishRun(pool, runId, { outcome, seconds: 2, ...(outcome === "failed" && { errorCode, message: "an example of a failure" }) });
  }

  return { address, answers, env, find, forget, jobs, pool, runOf, user };
}

/** As soon as the command has asked for it: what a worker would do. */
export async function whenAsked(isThere: () => Promise<boolean> | boolean, work: () => Promise<unknown>): Promise<void> {
  for (const endMs = Date.now() + 60_000; !(await isThere()); await sleep(30)) assert.ok(Date.now() < endMs, "nothing was asked for");
  await work();
}
