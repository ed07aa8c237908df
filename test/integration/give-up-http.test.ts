import assert from "node:assert/strict";
import { describe, it, vi } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import { beginGiveUp, findVpsByUserId, requestVps, setVpsStatus } from "../../src/records/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { lastGiveUp } from "../support/give-up.ts";
import { withApp } from "../support/http-app.ts";
import { asOperator, asUser } from "../support/tokens.ts";

const { app, pool, jobs } = await withApp({ env: { DEPROVISION_GRACE_HOURS: "72" } });
eachBeginsEmpty({ pool, jobs });
const headers = await asOperator();
const act = (username: string, action: string, payload?: object) => app.inject({ method: "POST", url: `/api/admin/vps/${username}/${action}`, headers, ...(payload ? { payload } : {}) });

async function user(username: string): Promise<string> {
  const userId = `user_${username}`;
  await requestVps(pool, { userId, username, hostname: `${username}.spoq.dev`, plan: "kvm1", templateId: 1007, dataCenterId: 19, sshPublicKey: null });
  await setVpsStatus(pool, userId, { status: "ready" });
  return userId;
}

describe("POST /api/admin/vps/{username}/deprovision", () => {
  it("says when it will happen, who asked and why, and keeps everything until then", async () => {
    const userId = await user("amy");
    const answer = (await act("amy", "deprovision", { confirm: "amy", reason: "contract ended" })).json();
    assert.equal(answer.status, "deprovisioning");
    const { dueAt, requestedBy, reason, wipe, startedAt } = await lastGiveUp(pool, userId);
    assert.match(answer.waitingFor, new RegExp(`${dueAt.toISOString().replace(".", "\\.")}.*cancelled`));
    assert.ok(Math.abs(dueAt.getTime() - Date.now() - 72 * 3_600_000) < 60_000);
    assert.deepEqual([requestedBy, reason, wipe, startedAt], ["operator_1", "contract ended", true, null]);
    assert.deepEqual(jobs.enqueued.filter((job) => job.userId === userId), [{ operation: "destroy", userId }]);
  });

  it("keeps the grace period where its own clock is ahead of PostgreSQL's", async () => {
    await user("ada");
    const now = Date.now;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + 80 * 3_600_000);
    try {
      assert.match((await act("ada", "deprovision", { confirm: "ada" })).json().waitingFor, /^the end of the grace period/);
    } finally {
      clock.mockRestore();
    }
  });

  it("is cancelled within the grace period: ready as before, and the queue is not asked to end anything", async () => {
    const userId = await user("bea");
    await act("bea", "deprovision", { confirm: "bea" });
    const answer = (await act("bea", "cancel")).json();
    assert.deepEqual([answer.status, answer.waitingFor, answer.failure], ["ready", null, null]);
    assert.ok((await lastGiveUp(pool, userId)).cancelledAt);
    assert.deepEqual(jobs.cancelled, []);
    assert.deepEqual(jobs.enqueued.filter(({ userId: id }) => id === userId).map(({ operation }) => operation), ["destroy", "up"], "a rotation that was asked for before it came to nothing meanwhile");
    assertRefusal(await act("bea", "cancel"), 409, "STATUS_CONFLICT");
  });

  it("does without the wipe only where that is said", async () => {
    const userId = await user("cleo");
    await act("cleo", "deprovision", { confirm: "cleo", wipe: false });
    assert.equal((await lastGiveUp(pool, userId)).wipe, false);
  });

  it("is for operators", async () => {
    await user("dora");
    const answer = await app.inject({ method: "POST", url: "/api/admin/vps/dora/deprovision", headers: await asUser("dora"), payload: { confirm: "dora" } });
    assertRefusal(answer, 403, "SCOPE_MISSING");
    assert.equal((await findVpsByUserId(pool, "user_dora"))?.status, "ready");
  });
});

describe("GET /api/admin/given-up-vms", () => {
  it("lists them newest first, page by page", async () => {
    for (const name of ["list-a", "list-b", "list-c"]) {
      await user(name);
      await act(name, "deprovision", { confirm: name });
    }
    const page = async (query: string) => (await app.inject({ url: `/api/admin/given-up-vms?${query}`, headers })).json();
    const first = await page("limit=2");
    assert.deepEqual(first.items.map(({ username }: { username: string }) => username), ["list-c", "list-b"]);
    assert.equal((await page(`limit=1&cursor=${first.nextCursor}`)).items[0].username, "list-a");
    assert.deepEqual([first.items[0].wipedAt, first.items[0].paidUntil, first.items[0].vmId], [null, null, null]);
    assert.deepEqual((await page("username=list-b")).items.map(({ username }: { username: string }) => username), ["list-b"]);
    assertRefusal(await app.inject({ url: "/api/admin/given-up-vms?limit=0", headers }), 400, "REQUEST_INVALID");
  });
});

describe("POST /api/admin/vps/{username}/retry", () => {
  it("goes on with a giving up that has begun, whatever ran last", async () => {
    const userId = await user("stuck");
    await act("stuck", "deprovision", { confirm: "stuck" });
    await pool.query("UPDATE vps_give_ups SET due_at = now() - interval '1 s' WHERE user_id = $1", [userId]);
    await inTransaction(pool, async (db) => beginGiveUp(db, (await findVpsByUserId(db, userId))!));
    await setVpsStatus(pool, userId, { status: "failed", reason: "an example" });
    assert.equal((await act("stuck", "retry")).json().status, "deprovisioning");
    assert.deepEqual(jobs.enqueued.filter((job) => job.userId === userId).at(-1), { operation: "destroy", userId });
  });
});
