import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { SPECIFIED_CATALOG } from "../../providers/hostinger/api/live-catalog.ts";
import { finishRun, requestVps, saveVpsResult, setVpsStatus, startRun } from "../../src/records/index.ts";
import { saveOffers } from "../../src/records/offers.ts";
import { readFleetNumbers } from "../../src/web/fleet-numbers.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool } = await withDatabase();
eachBeginsEmpty({ pool });

/** Ready since so many hours, after so many seconds of waiting. */
async function readyUser(username: string, plan: string, hoursAgo: number, secondsToReady: number, gaveUp = false): Promise<void> {
  const userId = `user_${username}`;
  await requestVps(pool, { userId, username, hostname: `${username}.spoq.dev`, plan: `hostingercom-vps-${plan}-usd-1m`, templateId: 1007, dataCenterId: 9, sshPublicKey: null });
  await setVpsStatus(pool, userId, { status: "ready" });
  await saveVpsResult(pool, userId, { hostingerVmId: 1 });
  await pool.query("UPDATE user_vps SET ready_at = now() - $2::float8 * interval '1 hour', requested_at = now() - $2::float8 * interval '1 hour' - $3::int * interval '1 second' WHERE username = $1", [username, hoursAgo, secondsToReady]);
  if (gaveUp) await setVpsStatus(pool, userId, { status: "deprovisioned" });
}

describe("the fleet's numbers", () => {
  it("count step by step who is ready, how long it took, what it costs a month, and runs that failed", async () => {
    await readyUser("alice", "kvm1", 2.5, 60);
    await readyUser("bob", "kvm2", 2.5, 160);
    await readyUser("carol", "kvm1", 0.5, 10);
    await readyUser("dave", "kvm8", 5.5, 10, true);
    await startRun(pool, { runId: "run-1", userId: "user_alice", username: "alice", operation: "up", workerId: "w", hostId: "h", pid: 1 });
    await finishRun(pool, "run-1", { outcome: "failed", seconds: 1 });
    const steps = await readFleetNumbers(pool, "day");
    assert.equal(steps.length, 24);
    assert.ok(Math.abs(steps.at(-1)!.at.getTime() - Date.now()) < 60_000);
    assert.deepEqual(steps.slice(-4).map(({ ready }) => ready), [1, 3, 3, 3]);
    assert.deepEqual(steps.slice(-4).map(({ failedRuns }) => failedRuns), [0, 0, 0, 1]);
    assert.deepEqual(steps.slice(-4).map(({ secondsToReadyP50: p50, secondsToReadyP95: p95 }) => [p50, p95]), [[null, null], [110, 155], [null, null], [10, 10]]);
    assert.deepEqual([steps[0]!.monthlySpendCents, steps.at(-1)!.monthlySpendCents], [0, 1_399 + 1_799 + 1_399]);
    assert.equal(steps.at(-4)!.monthlySpendCents, 5_999);
  });

  it("tell what is paid: at the prices of renewal, where the plan is still offered, and of VMs that were given up until their terms end", async () => {
    const paid = async () => (await readFleetNumbers(pool, "day")).map(({ monthlySpendCents }) => monthlySpendCents);
    for (const username of ["alice", "carol"]) await readyUser(username, "kvm1", 2.5, 60);
    const before = (await paid()).at(-1)!;
    const bought = (plan: string, cents: number) => pool.query(
      "INSERT INTO vps_purchases (user_id, username, hostname, plan_id, state, asked_at, reserved_at, bought_at, price_cents, currency) VALUES ('u-x', 'x', 'x.spoq.dev', $1, 'bought', now(), now(), now(), $2, 'USD')", [plan, cents]);
    // Alice's and carol's first terms; what they cost from then on is 1,399 by the specification.
    await bought("hostingercom-vps-kvm1-usd-1m", 499);
    assert.equal((await paid()).at(-1), before);
    await saveOffers(pool, { ...SPECIFIED_CATALOG, source: "api", plans: SPECIFIED_CATALOG.plans.map((plan) => (plan.name === "KVM 1" ? { ...plan, priceCents: 1_599 } : plan)) });
    assert.equal((await paid()).at(-1), before + 2 * 200);
    const givenUp = (plan: string, endedHoursAgo: number, paidHours: number) => pool.query(
      `INSERT INTO vps_give_ups (user_id, username, hostname, requested_by, reason, wipe, previous_status, due_at, plan_id, template_id, data_center_id, vm_id, started_at, ended_at, paid_until)
       VALUES ('u-y', 'y', 'y.spoq.dev', 'op', 'a test', false, 'ready', now(), $1, 1007, 9, 77, now(), now() - $2::float8 * interval '1 hour', now() + $3::float8 * interval '1 hour')`, [plan, endedHoursAgo, paidHours]);
    await bought("hostingercom-vps-kvm4-usd-1y", 12 * 700);
    const held = await paid();
    await givenUp("hostingercom-vps-kvm4-usd-1y", 3.5, 24);
    await givenUp("hostingercom-vps-kvm4-usd-1y", 3.5, -1.5);
    const after = await paid();
    assert.deepEqual(after.map((cents, step) => cents - held[step]!).slice(-5), [0, 1_400, 1_400, 700, 700]);
  });

  it("are there for an hour and for thirty days too", async () => {
    assert.equal((await readFleetNumbers(pool, "hour")).length, 30);
    assert.equal((await readFleetNumbers(pool, "month")).length, 30);
  });
});
