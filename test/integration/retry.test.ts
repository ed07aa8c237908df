/** Trying again: with another data center or plan, by the service itself, and all whom an outage has left parked. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../providers/core/errors.ts";
import { SPECIFIED_CATALOG } from "../../providers/hostinger/api/live-catalog.ts";
import { nearestOthers } from "../../providers/hostinger/nearest.ts";
import { inTransaction } from "../../src/db/index.ts";
import type { JobRun } from "../../src/jobs/end-run.ts";
import { recordFailure } from "../../src/jobs/record-failure.ts";
import { startQueue } from "../../src/jobs/index.ts";
import { isOutOfStock } from "../../src/jobs/out-of-stock.ts";
import { retryAll, retryUser } from "../../src/jobs/retry-user.ts";
import type { AccountPurchase } from "../../src/purchases/index.ts";
import type { WorkerContext } from "../../src/jobs/worker-context.ts";
import { up } from "../../src/provisioning/up.ts";
import { saveOffers } from "../../src/records/offers.ts";
import { findVpsByUserId, noteDataCenterChoice, requestVps, saveVpsResult, setVpsStatus, startRun } from "../../src/records/index.ts";
import type { VpsRecord } from "../../src/records/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { withApp } from "../support/http-app.ts";
import { untilLocksAreWaitedFor } from "../support/lock-waits.ts";
import { asOperator, asUser } from "../support/tokens.ts";

const { app, jobs, pool, url } = await withApp();
const operator = await asOperator();
const FRANKFURT = 19;

eachBeginsEmpty({ pool, jobs });

async function parked(userId: string, errorCode: string | null, more: { vmId?: number; dataCenterId?: number } = {}): Promise<VpsRecord> {
  await requestVps(pool, { userId, username: userId, hostname: `${userId}.spoq.dev`, plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: more.dataCenterId ?? 9, sshPublicKey: null });
  if (more.vmId !== undefined) await saveVpsResult(pool, userId, { hostingerVmId: more.vmId });
  return (await setVpsStatus(pool, userId, { status: "failed", errorCode, reason: "an example" }))!;
}

const post = (path: string, payload: object, headers = operator) => app.inject({ method: "POST", url: `/api/admin${path}`, headers, payload });
const of = async (userId: string) => (await findVpsByUserId(pool, userId))!;

describe("retry with another wish", () => {
  it("gives a user without a VM another data center or plan", async () => {
    await parked("amy", "API_REJECTED");
    const answer = await post("/vps/amy/retry", { dataCenterId: 15, plan: "kvm2" });
    assert.deepEqual([answer.statusCode, answer.json().plan, answer.json().dataCenter.id], [202, "hostingercom-vps-kvm2-usd-1m", 15]);
    const { status, dataCenterId, plan } = await of("amy");
    assert.deepEqual([status, dataCenterId, plan], ["queued", 15, "hostingercom-vps-kvm2-usd-1m"]);
    assert.deepEqual(jobs.enqueued, [{ operation: "up", userId: "amy" }]);
  });

  it("is refused where there is a VM, or a purchase may have made one; without a wish it goes on as ever", async () => {
    await parked("bea", "HEALTH_CHECK_FAILED", { vmId: 7 });
    assert.match(assertRefusal(await post("/vps/bea/retry", { dataCenterId: 15 }), 409, "STATUS_CONFLICT").message, /has VM 7/);
    await parked("cat", "PURCHASE_UNCERTAIN");
    await pool.query("INSERT INTO vps_purchases (user_id, username, hostname, plan_id, state, asked_at, reserved_at) VALUES ('cat', 'cat', 'cat.spoq.dev', 'p', 'uncertain', now(), now())");
    assert.match(assertRefusal(await post("/vps/cat/retry", { plan: "kvm2" }), 409, "STATUS_CONFLICT").message, /A purchase of 'cat' is 'uncertain'/);
    assert.deepEqual([(await of("bea")).dataCenterId, (await of("cat")).status, jobs.enqueued], [9, "failed", []]);
    assert.equal((await post("/vps/bea/retry", {})).statusCode, 202);
    assertRefusal(await post("/vps/bea/retry", {}), 409, "STATUS_CONFLICT");
    assertRefusal(await post("/vps/cat/retry", { dataCenterId: 4711 }), 400, "REQUEST_INVALID");
    assertRefusal(await post("/vps/cat/retry", { plan: "kvm99" }), 400, "REQUEST_INVALID");
  });
});

describe("retry at the same instant as another one", () => {
  it("is refused, and the plan and the data center stay as they were", async () => {
    await parked("amy", "API_UNAVAILABLE");
    const { answer } = await inTransaction(pool, async (db) => {
      assert.deepEqual((await retryAll(db, jobs, { perMinute: 6, most: 500 })).usernames, ["amy"]);
      const asked = post("/vps/amy/retry", { plan: "kvm8", dataCenterId: 15 });
      await untilLocksAreWaitedFor(pool);
      return { answer: asked };
    });
    assertRefusal(await answer, 409, "STATUS_CONFLICT");
    const { status, plan, dataCenterId } = await of("amy");
    assert.deepEqual([status, plan, dataCenterId], ["queued", "hostingercom-vps-kvm1-usd-1m", 9]);
    assert.deepEqual(jobs.enqueued, [{ operation: "up", userId: "amy" }]);
  });

  it("changes nothing by a wish for a user who was read before that one, either", async () => {
    const before = await parked("amy", "API_UNAVAILABLE");
    await setVpsStatus(pool, "amy", { status: "queued" });
    assert.ok("refusal" in (await inTransaction(pool, (db) => retryUser(db, jobs, before, { plan: "hostingercom-vps-kvm8-usd-1m", dataCenterId: 15 }))));
    const { plan, dataCenterId } = await of("amy");
    assert.deepEqual([plan, dataCenterId], ["hostingercom-vps-kvm1-usd-1m", 9]);
  });
});

describe("a data center that is out of stock", () => {
  it("is known by a refusal that says so, and by nothing else", () => {
    for (const text of ["422: data_center_id: The selected data center is out of stock.", "The plan is no longer available.", "No capacity in this location", "item_id: KVM 1 was discontinued"]) assert.ok(isOutOfStock("API_REJECTED", text), text);
    assert.ok(!isOutOfStock("API_UNAVAILABLE", "The service is unavailable at this location"));
    assert.ok(!isOutOfStock("API_REJECTED", "422: hostname: is not valid"));
  });

  const OUT_OF_STOCK = "422: The selected data center is out of stock.";
  /** @param state what the account says of the purchase afterwards */
  const fail = async (userId: string, message = OUT_OF_STOCK, state: AccountPurchase["state"] = "none") => {
    const boss = await startQueue({ databaseUrl: url, works: false, onError: () => undefined });
    try {
      const record = (await setVpsStatus(pool, userId, { status: "provisioning" }))!;
      const runId = crypto.randomUUID();
      await startRun(pool, { runId, userId, username: userId, operation: "up", workerId: "w", hostId: "h", pid: 1 });
      await pool.query("INSERT INTO vps_purchases (user_id, username, hostname, plan_id, state, asked_at, reserved_at) VALUES ($1, $1, $2, $3, 'reserved', now(), now())", [userId, record.hostname, record.plan]);
      const context = {
        boss, pool, log: () => undefined, handOver: new AbortController().signal, settings: { paymentProbeSeconds: 300, paymentLookSeconds: 300 }, engine: { vms: async () => [] }, vms: { openSession: () => ({}) },
        purchases: { guard: { pool }, account: { read: async () => ({ state }) } },
      } as unknown as WorkerContext;
      const recorder = { onLine: () => undefined, flush: async () => undefined, resources: () => [] } as unknown as JobRun["recorder"];
      const error = new UserVpsError("API_REJECTED", message);
      await recordFailure(context, { job: { operation: "up", userId }, kind: up, record, runId, recorder, lostWorkers: 0 }, error, error.message, 1);
    } finally {
      await boss.stop({ graceful: false });
    }
    return of(userId);
  };

  it("that the service chose is left for the next nearest to it, each once, until none is left; then it is told what to do", async () => {
    await parked("amy", null, { dataCenterId: FRANKFURT });
    await noteDataCenterChoice(pool, "amy", "service");
    const order = nearestOthers(FRANKFURT, SPECIFIED_CATALOG.dataCenters);
    assert.deepEqual([order[0], order.length], [15, 9], "Paris is the nearest to Frankfurt");
    for (const next of order) {
      const { status, dataCenterId, waitingFor } = await fail("amy");
      assert.deepEqual([status, dataCenterId], ["queued", next]);
      assert.match(waitingFor!, new RegExp(`data center ${next}`));
    }
    const { status, nextStep, dataCenterId } = await fail("amy");
    assert.deepEqual([status, dataCenterId], ["failed", order.at(-1)]);
    assert.match(nextStep!, /user-vps retry amy --data-center ID/);
  });

  it("is left for one that Hostinger offers now, also if it is newer than the specification itself", async () => {
    const offered = [19, 9, 22, 18].map((id) => ({ id, city: null, country: id === 22 ? "us" : null }));
    await saveOffers(pool, { ...SPECIFIED_CATALOG, source: "api", dataCenters: offered });
    for (const [userId, first, others] of [["gil", 22, [9, 18, 19]], ["hal", 9, [22, 18, 19]], ["ida", 17, [22, 9, 18, 19]]] as const) {
      await parked(userId, null, { dataCenterId: first });
      await noteDataCenterChoice(pool, userId, "service");
      const tried = [];
      for (let number = 0; number < others.length; number += 1) tried.push((await fail(userId)).dataCenterId);
      assert.deepEqual(tried.toSorted((a, b) => a - b), others.toSorted((a, b) => a - b), userId);
      assert.equal((await fail(userId)).status, "failed");
    }
  });

  it("is left only where the account says that nothing was bought there", async () => {
    await parked("eve", null);
    await noteDataCenterChoice(pool, "eve", "service");
    const { status, dataCenterId } = await fail("eve", OUT_OF_STOCK, "doubt");
    assert.deepEqual([status, dataCenterId], ["failed", 9]);
  });

  it("that the user or an operator chose stays, as does one of a user who has a VM, and one that was refused for another reason", async () => {
    await parked("bea", null);
    await noteDataCenterChoice(pool, "bea", "user");
    await parked("cat", null, { vmId: 8 });
    await noteDataCenterChoice(pool, "cat", "service");
    await parked("dot", null);
    for (const userId of ["bea", "cat", "dot"]) assert.deepEqual([(await fail(userId)).status, (await of(userId)).dataCenterId], ["failed", 9], userId);
    await noteDataCenterChoice(pool, "dot", "service");
    assert.equal((await fail("dot", "422: hostname: is not valid")).status, "failed");
  });

  it("is the service's choice where the user names none", async () => {
    for (const [username, payload, expected] of [["eve", {}, "service"], ["fay", { dataCenterId: 13 }, "user"]] as const) {
      assert.equal((await app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser(username), payload })).statusCode, 202);
      const { rows: [row] } = await pool.query<{ by: string }>("SELECT data_center_chosen_by AS by FROM user_vps WHERE username = $1", [username]);
      assert.equal(row!.by, expected);
    }
  });
});

describe("retry of all", () => {
  it("takes those whose failure passes by itself, longest waiting first, a few a minute, and is recorded", async () => {
    for (const [user, code] of [["amy", "API_UNAVAILABLE"], ["bea", "PAYMENT_REFUSED"], ["cat", "API_TIMEOUT"], ["dot", "CANCELLED"], ["eve", "API_UNAVAILABLE"]] as const) await parked(user, code);
    await requestVps(pool, { userId: "fay", username: "fay", hostname: "fay.spoq.dev", plan: "p", templateId: 1, dataCenterId: 9, sshPublicKey: null });
    const delays: [string, number][] = [];
    const enqueue = async (_db: unknown, { userId }: { userId: string }, { delaySeconds = 0 } = {}) => void delays.push([userId, delaySeconds]);
    const retried = await inTransaction(pool, (db) => retryAll(db, { enqueue }, { perMinute: 6, most: 2 }));
    assert.deepEqual([retried, delays], [{ usernames: ["amy", "cat"], left: 1, lastsSeconds: 10 }, [["amy", 0], ["cat", 10]]]);
    assert.match((await of("cat")).waitingFor!, /its turn among those that are tried again/);

    const answer = await post("/retry", { reason: "Hostinger is back" });
    assert.deepEqual([answer.statusCode, answer.json()], [202, { usernames: ["eve"], left: 0, lastsSeconds: 0 }]);
    const { rows } = await pool.query("SELECT path, reason FROM vps_operator_actions WHERE path = '/api/admin/retry'");
    assert.deepEqual(rows, [{ path: "/api/admin/retry", reason: "Hostinger is back" }]);
    assert.deepEqual([(await of("bea")).status, (await of("dot")).status], ["failed", "failed"]);
  });

  it("takes only those with a code that is named, also one that needs a person; it wants a reason and an operator", async () => {
    await parked("amy", "API_UNAVAILABLE");
    await parked("bea", "PAYMENT_REFUSED");
    assert.deepEqual((await post("/retry", { reason: "a new card", code: "PAYMENT_REFUSED" })).json().usernames, ["bea"]);
    assertRefusal(await post("/retry", {}), 400, "REQUEST_INVALID");
    assertRefusal(await post("/retry", { reason: "x", code: "NO_SUCH" }), 400, "REQUEST_INVALID");
    assertRefusal(await post("/retry", { reason: "x" }, await asUser("amy")), 403, "SCOPE_MISSING");
  });
});
