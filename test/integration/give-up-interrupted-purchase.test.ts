/** Users who are given up while a purchase of theirs is known to the Hostinger account alone; the engine is a stub. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { HOUR_MS } from "../../providers/core/time.ts";
import { inTransaction } from "../../src/db/index.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import type { DestroyOptions, RunHooks, StackRequest } from "../../src/provisioning/engine.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { decide, findLastPurchase, markAwaitingPayment } from "../../src/purchases/index.ts";
import { findVpsByUserId, listRuns, saveVpsResult, setVpsStatus } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { obtainOnce } from "../support/buyers.ts";
import { lastGiveUp, requestDeprovision } from "../support/give-up.ts";
import { newName } from "../support/new-name.ts";
import { withDatabase } from "../support/postgres.ts";
import { openPurchaseWorld } from "../support/purchases.ts";
import type { PurchaseWorld } from "../support/purchases.ts";
import { StubEngine, vmOf } from "../support/stub-engine.ts";
import { startStubWorker } from "../support/stub-worker.ts";
import { control, hostinger } from "./sandbox-support.ts";
import { until as untilSo } from "../support/until.ts";

const { pool, url } = await withDatabase();
/** By the stack's name, with what options. */
const destroyed = new Map<string, DestroyOptions | undefined>();
const engine = Object.assign(new StubEngine(), {
  async destroy({ stackName }: StackRequest, _hooks: RunHooks, options?: DestroyOptions) {
    destroyed.set(stackName, options);
    return { changes: {} };
  },
});
let sandbox: Sandbox;
let world: PurchaseWorld;
let jobs: ReturnType<typeof pgBossJobs>;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  sandbox = await startSandbox({ bootMs: 20, scriptMs: 10, actionMs: 10 });
  const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
  jobs = pgBossJobs(boss, pool);
  const vms = hostingerPower({ ...sandbox.env, HOSTINGER_PURCHASE_SETTLE_SECONDS: "3" });
  world = openPurchaseWorld(pool, sandbox, {});
  const worker = await startStubWorker({ boss, pool, databaseUrl: url, engine, vms, world, account: world.account });
  closers.push(() => worker.stop(0), () => boss.stop({ graceful: false }), () => vms.close(), () => world.close(), () => sandbox.close());
});
afterAll(async () => {
  for (const close of closers) await close();
});

const vmById = (id: number) => sandbox.state().vms.find((one) => one.id === id)!;
const scriptsOf = (username: string) => sandbox.state().scripts.filter(({ name }) => name.endsWith(` ${username}.${sandbox.domain}`));
const recordsOf = (username: string) => scriptsOf(username).length;
/** As it is when the stack's saved state has the VM. */
async function forgetRecords(username: string): Promise<void> {
  for (const { id } of scriptsOf(username)) await hostinger(sandbox, "DELETE", `vps/v1/post-install-scripts/${id}`);
}

/** As if it had been sent 25 hours ago. */
async function age(username: string): Promise<void> {
  const path = `vps/v1/post-install-scripts/${scriptsOf(username)[0]!.id}`;
  const { name, content } = (await hostinger(sandbox, "GET", path)).body;
  const at = new Date(Date.now() - 25 * HOUR_MS).toISOString();
  await hostinger(sandbox, "PUT", path, { name, content: content.replaceAll(/"at":"[^"]+"/g, `"at":"${at}"`).replace('"version":2', `"version":2,"madeAt":"${at}"`) });
}

/** Of a user whose run did not live to say what became of its purchase: books and record know of none. */
async function interrupted(username: string): Promise<string> {
  const { userId } = await world.signUp(username);
  await world.ask(username);
  await setVpsStatus(pool, userId, { status: "failed" });
  return userId;
}

const until = (what: string, isSo: () => boolean | Promise<boolean>) => untilSo(what, isSo, async () => (await pool.query("SELECT username, status, waiting_for, reason FROM user_vps")).rows);
const givenUp = (userId: string) => until(`${userId} given up`, async () => (await findVpsByUserId(pool, userId))?.status === "deprovisioned");

describe("giving up a user whose purchase was interrupted", () => {
  it("stops, wipes and does not renew the VM that the record in the account names, and ends record and books", async () => {
    const amy = newName("amy");
    const userId = await interrupted(amy);
    const ending = await obtainOnce(sandbox, { hostname: `${amy}.${sandbox.domain}`, owner: userId });
    assert.ok("vmId" in ending && recordsOf(amy) === 1);
    await requestDeprovision({ pool, jobs }, userId);
    await givenUp(userId);
    const { state, autoRenewed, hostname } = vmById(ending.vmId);
    assert.deepEqual([state, autoRenewed, hostname], ["stopped", false, `srv${ending.vmId}.hstgr.cloud`]);
    const { vmId, wipedAt, renewal } = await lastGiveUp(pool, userId);
    assert.deepEqual([vmId, wipedAt !== null, renewal, recordsOf(amy)], [ending.vmId, true, "off", 0]);
    const { state: booked, vmId: bookedVm } = (await findLastPurchase(pool, userId))!;
    assert.deepEqual([booked, bookedVm], ["bought", ending.vmId]);
  });

  it("finds the VM of a lost answer by evidence, also without a wipe", async () => {
    const ben = newName("ben");
    const userId = await interrupted(ben);
    sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/virtual-machines$", fault: { kind: "drop-after" } });
    sandbox.addFault({ api: "hostinger", method: "GET", path: "/api/vps/v1/virtual-machines$", skip: 1, times: 1, fault: { kind: "status", status: 403 } });
    assert.ok("code" in (await obtainOnce(sandbox, { hostname: `${ben}.${sandbox.domain}`, owner: userId })));
    sandbox.clearFaults();
    const vm = sandbox.state().vms.find(({ hostname }) => hostname === `${ben}.${sandbox.domain}`)!;
    await requestDeprovision({ pool, jobs }, userId, { wipe: false });
    await givenUp(userId);
    const { state, autoRenewed } = vmById(vm.id);
    assert.deepEqual([state, autoRenewed, (await lastGiveUp(pool, userId)).vmId, recordsOf(ben)], ["stopped", false, vm.id, 0]);
  });

  it("waits for the VM of an order that is not paid yet, and gives it up when it shows", async () => {
    const cid = newName("cid");
    const userId = await interrupted(cid);
    await control(sandbox, "POST", "purchases", { answer: "payment-initiated", paidAfterMs: 4_000 });
    assert.deepEqual(await obtainOnce(sandbox, { hostname: `${cid}.${sandbox.domain}`, owner: userId }, { patience: "none" }), { code: "AWAITING_PAYMENT" });
    await requestDeprovision({ pool, jobs }, userId);
    await until("a run that waits for it", async () => (await listRuns(pool, userId)).items.some(({ errorCode }) => errorCode === "AWAITING_PAYMENT"));
    assert.equal((await findVpsByUserId(pool, userId))?.status, "deprovisioning");
    await givenUp(userId);
    const [order] = sandbox.state().purchases.slice(-1);
    const { state, autoRenewed } = vmById(order!.vmId!);
    assert.deepEqual([["stopped", "initial"].includes(state), autoRenewed, recordsOf(cid)], [true, false, 0]);
  });

  it("waits for as long as the order stands, until a person says that nothing comes of it", async () => {
    const kim = newName("kim");
    const userId = await interrupted(kim);
    await control(sandbox, "POST", "purchases", { answer: "payment-initiated" });
    assert.deepEqual(await obtainOnce(sandbox, { hostname: `${kim}.${sandbox.domain}`, owner: userId }, { patience: "none" }), { code: "AWAITING_PAYMENT" });
    await markAwaitingPayment(pool, (await findLastPurchase(pool, userId))!.purchaseId, {});
    await age(kim);
    await requestDeprovision({ pool, jobs }, userId);
    await until("a run that waits for it", async () => (await listRuns(pool, userId)).items.some(({ errorCode }) => errorCode === "AWAITING_PAYMENT"));
    assert.deepEqual([(await findVpsByUserId(pool, userId))?.status, recordsOf(kim)], ["deprovisioning", 1]);
    await inTransaction(pool, async (db) => {
      assert.ok(await decide(db, userId, { kind: "give-up", vmId: null, by: "op_1", why: "hPanel has no order" }));
      await jobs.enqueue(db, { operation: "destroy", userId });
    });
    await givenUp(userId);
    assert.deepEqual([recordsOf(kim), (await findLastPurchase(pool, userId))?.state], [0, "written_off"]);
  });

  it("finds it under the host name that it was ordered for, of a user who was renamed since", async () => {
    const lou = newName("lou");
    const userId = await interrupted(lou);
    const ending = await obtainOnce(sandbox, { hostname: `${lou}.${sandbox.domain}`, owner: userId });
    assert.ok("vmId" in ending);
    await pool.query("UPDATE user_vps SET hostname = $3 || '.' || $2 WHERE user_id::text = $1", [userId, sandbox.domain, newName("louis")]);
    await requestDeprovision({ pool, jobs }, userId);
    await givenUp(userId);
    assert.deepEqual([vmById(ending.vmId).state, vmById(ending.vmId).autoRenewed, recordsOf(lou)], ["stopped", false, 0]);
  });

  it("ends when nothing shows of a purchase that may have been made and the settle time is over, and is the person's word about it", async () => {
    const dan = newName("dan");
    const userId = await interrupted(dan);
    sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/virtual-machines$", fault: { kind: "drop-before" } });
    assert.deepEqual(await obtainOnce(sandbox, { hostname: `${dan}.${sandbox.domain}`, owner: userId }, { purchaseSettleMs: 60_000, patience: "none" }), { code: "NOT_YET" });
    const before = sandbox.state().purchases.length;
    await requestDeprovision({ pool, jobs }, userId);
    await givenUp(userId);
    assert.deepEqual([recordsOf(dan), sandbox.state().purchases.length, (await findLastPurchase(pool, userId))?.state], [0, before, "released"]);
  });

  it("does not forget a VM that was just sold and that Hostinger does not find yet, whether record or stack names it", async () => {
    for (const [username, isInStack] of [[newName("fay"), false], [newName("gus"), true]] as const) {
      const userId = await interrupted(username);
      const ending = await obtainOnce(sandbox, { hostname: `${username}.${sandbox.domain}`, owner: userId });
      assert.ok("vmId" in ending);
      if (isInStack) {
        engine.stacks.set(username, [{ ...vmOf(ending.vmId), isNew: true }]);
        await saveVpsResult(pool, userId, { hostingerVmId: ending.vmId });
        await forgetRecords(username);
      }
      sandbox.addFault({ api: "hostinger", method: "GET", path: `/api/vps/v1/virtual-machines/${ending.vmId}$`, times: 3, fault: { kind: "status", status: 404 } });
      sandbox.addFault({ api: "hostinger", method: "GET", path: "/api/vps/v1/virtual-machines$", times: 0, fault: { kind: "status", status: 200, body: [] } });
      await requestDeprovision({ pool, jobs }, userId);
      await givenUp(userId);
      sandbox.clearFaults();
      const { state, autoRenewed } = vmById(ending.vmId);
      assert.deepEqual([state, autoRenewed, (await lastGiveUp(pool, userId)).vmId], ["stopped", false, ending.vmId], username);
    }
  });

  it("tries again where Hostinger does not find a VM that it lists", async () => {
    const hal = newName("hal");
    const userId = await interrupted(hal);
    const ending = await obtainOnce(sandbox, { hostname: `${hal}.${sandbox.domain}`, owner: userId });
    assert.ok("vmId" in ending);
    await saveVpsResult(pool, userId, { hostingerVmId: ending.vmId });
    await forgetRecords(hal);
    sandbox.addFault({ api: "hostinger", method: "GET", path: `/api/vps/v1/virtual-machines/${ending.vmId}$`, times: 1, fault: { kind: "status", status: 404 } });
    await requestDeprovision({ pool, jobs }, userId);
    await givenUp(userId);
    assert.deepEqual([vmById(ending.vmId).state, vmById(ending.vmId).autoRenewed], ["stopped", false]);
    assert.ok((await listRuns(pool, userId)).items.some(({ errorCode }) => errorCode === "VM_NOT_FOUND"));
  });

  it("touches no VM that is another user's by the records, though record and stack name it", async () => {
    const [ian, joy] = [newName("ian"), newName("joy")];
    const userId = await interrupted(ian);
    const ending = await obtainOnce(sandbox, { hostname: `${ian}.${sandbox.domain}`, owner: userId });
    assert.ok("vmId" in ending);
    for (const { userId: one } of [await world.signUp(joy), { userId }]) await saveVpsResult(pool, one, { hostingerVmId: ending.vmId });
    engine.stacks.set(ian, [vmOf(ending.vmId)]);
    await requestDeprovision({ pool, jobs }, userId);
    await givenUp(userId);
    assert.deepEqual([vmById(ending.vmId).state, vmById(ending.vmId).autoRenewed, (await lastGiveUp(pool, userId)).vmId], ["running", true, null]);
    assert.deepEqual(destroyed.get(ian), { leavesVm: true });
  });

  it("leaves another owner's purchase for the same host name alone", async () => {
    const eve = newName("eve");
    const userId = await interrupted(eve);
    const ending = await obtainOnce(sandbox, { hostname: `${eve}.${sandbox.domain}`, owner: "u-somebody-else" });
    assert.ok("vmId" in ending);
    await requestDeprovision({ pool, jobs }, userId);
    await givenUp(userId);
    assert.deepEqual([vmById(ending.vmId).state, vmById(ending.vmId).autoRenewed, recordsOf(eve)], ["running", true, 1]);
  });
});
