/** What an operator changes of a VPS that is there: credentials, host name, installation, VM; whatever dies meanwhile. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, it } from "vitest";
import { findVpsByUserId, readRunLog } from "../../src/records/index.ts";
import { withDatabase } from "../support/postgres.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld, WorkerProcess } from "../support/service-world.ts";
import { asOperator, asUser, TEST_JWT_SECRET } from "../support/tokens.ts";

const ID = "user_alice";
const KVM2 = "hostingercom-vps-kvm2-usd-1m";
const database = await withDatabase();
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

let world: ServiceWorld;
let service: WorkerProcess & { readonly url: string };
/** With one slot for one user: a slot is a process that has the whole SDK to load. */
const start = () => world.startAll({ WORKER_CONCURRENCY: "1", JWT_SECRET: TEST_JWT_SECRET, DEPROVISION_GRACE_HOURS: "0", PAYMENT_PROBE_SECONDS: "10" });

beforeAll(async () => {
  world = await startServiceWorld(database.url);
  service = await start();
  await world.signUp(ID, "alice");
  await ready();
});
afterAll(() => world.close());

const ready = () => world.until(ID, "ready", ({ status }) => status === "ready");
const vmOf = (vmId: number) => world.sandbox.state().vms.find((vm) => vm.id === vmId)!;

async function call(path: string, body: object | undefined, headers: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(service.url + path, { method: body ? "POST" : "GET", headers: { ...headers, ...(body && { "content-type": "application/json" }) }, ...(body && { body: JSON.stringify(body) }) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function operate(path: string, body?: object) {
  return call(`/api/admin/vps/alice/${path}`, body, await asOperator());
}

async function changed(path: string, body: object): Promise<void> {
  const answer = await operate(path, { confirm: "alice", ...body });
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  await ready();
}

async function takeCredentials(): Promise<{ password: string; jwtSecret: string }> {
  return (await call("/api/vps/credentials", {}, await asUser("alice"))).body as { password: string; jwtSecret: string };
}

async function assertAsDeclared(): Promise<void> {
  const { body } = await operate("drift");
  assert.deepEqual([body["changes"], body["refusal"]], [0, null], JSON.stringify(body));
}

async function logOfLastRun(): Promise<string> {
  const [run] = await world.runs(ID);
  return (await readRunLog(world.pool, run!.runId, { limit: 1_000 })).map(({ line }) => line).join("\n");
}

describe("an operator's change", () => {
  it("of the credentials reaches the VM itself: root, the user spoq and Conductor", async () => {
    const first = await takeCredentials();
    const { hostingerVmId } = await ready();
    assert.deepEqual(vmOf(hostingerVmId!).credentials, { ownerId: ID, passwordSha256: sha256(first.password), jwtSecretSha256: sha256(first.jwtSecret) });
    assert.equal((await operate("rotate-credentials", {})).status, 202);
    await world.until(ID, "new credentials", ({ credentialsSavedRotation }) => credentialsSavedRotation === 2);
    const second = await takeCredentials();
    assert.notEqual(second.password, first.password);
    const { credentials, rootPasswordSha256, health } = vmOf(hostingerVmId!);
    assert.deepEqual(credentials, { ownerId: ID, passwordSha256: sha256(second.password), jwtSecretSha256: sha256(second.jwtSecret) });
    assert.deepEqual([rootPasswordSha256, health?.healthStatus], [sha256(second.password), 200]);
    await assertAsDeclared();
    const log = await logOfLastRun();
    assert.ok(!log.includes(second.password) && !log.includes(second.jwtSecret), log);
  });

  it("of the host name happens in place, and back", async () => {
    const { hostingerVmId, address } = await ready();
    for (const hostname of ["alicia.spoq.dev", "alice.spoq.dev"]) {
      await changed("rename", { hostname });
      const { hostname: recorded, url } = await ready();
      assert.deepEqual([recorded, url], [hostname, `https://${hostname}`]);
      const { hostname: own, health } = vmOf(hostingerVmId!);
      assert.deepEqual([own, health?.siteAddress, health?.healthStatus], [hostname, hostname, 200]);
      assert.deepEqual(world.sandbox.state().records.map(({ name, content }) => [name, content]), [[hostname, address]]);
      await assertAsDeclared();
    }
    assert.equal(world.sandbox.state().purchases.length, 1);
  });

  it("that wipes is refused without the user name, and happens once with it", async () => {
    for (const body of [{}, { confirm: "bob" }]) assert.ok([400, 422].includes((await operate("recreate", body)).status));
    const { hostingerVmId, address } = await ready();
    const recreated = () => vmOf(hostingerVmId!).actions.filter(({ name }) => name === "recreate").length;
    assert.equal(recreated(), 0);
    await changed("recreate", { templateId: 1002, reason: "a test" });
    const { templateId, health, credentials } = vmOf(hostingerVmId!);
    assert.deepEqual([recreated(), templateId, health?.healthStatus, (await ready()).address], [1, 1002, 200, address]);
    assert.notEqual(credentials?.passwordSha256, null);
    await assertAsDeclared();
    const before = (await world.runs(ID)).length;
    await world.jobs.enqueue(world.pool, { operation: "up", userId: ID });
    const endMs = Date.now() + 450_000;
    let runs = await world.runs(ID);
    while (runs.length === before || runs[0]!.outcome === null) {
      assert.ok(Date.now() < endMs, "waited in vain for the next up");
      await new Promise((resume) => setTimeout(resume, 50));
      runs = await world.runs(ID);
    }
    assert.deepEqual([runs[0]!.outcome, recreated()], ["succeeded", 1]);
  });

  it("of the plan buys one VM beside, switches the record and sets the old one aside, whatever dies meanwhile", async () => {
    const { hostingerVmId: oldId, address: oldAddress } = await ready();
    // The purchase lands, its answer is late, and the service dies.
    world.sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/virtual-machines", times: 1, fault: { kind: "delay", delayMs: 60_000, when: "after" } });
    assert.equal((await operate("replace", { confirm: "alice", plan: "kvm2", reason: "more memory" })).status, 202);
    const endMs = Date.now() + 450_000;
    while (world.sandbox.state().purchases.length < 2) {
      assert.ok(Date.now() < endMs, "waited in vain for the purchase");
      await new Promise((resume) => setTimeout(resume, 50));
    }
    await service.kill();
    service = await start();
    await ready();

    const { purchases, records } = world.sandbox.state();
    const { hostingerVmId: newId, address, plan } = (await findVpsByUserId(world.pool, ID))!;
    assert.deepEqual([purchases.length, plan], [2, KVM2]);
    assert.notEqual(newId, oldId);
    const [old, bought] = [vmOf(oldId!), vmOf(newId!)];
    assert.deepEqual([old.state, old.autoRenewed, old.hostname], ["stopped", false, `old-${oldId}.alice.spoq.dev`]);
    assert.equal(old.actions.filter(({ name }) => name === "recreate").length, 1, "the old VM keeps its data: it was wiped by the test before, and never since");
    assert.deepEqual([bought.state, bought.autoRenewed, bought.health?.healthStatus, bought.plan], ["running", true, 200, "KVM 2"]);
    assert.notEqual(address, oldAddress);
    assert.deepEqual(records.map(({ name, content }) => [name, content]), [["alice.spoq.dev", address]]);
    await assertAsDeclared();

    const { body } = await operate("changes");
    const items = body["items"] as { kind: string; vmId: number; outcome: string; requestedBy: string; reason: string; paidUntil: string | null }[];
    assert.deepEqual(items.map(({ kind, outcome }) => [kind, outcome]), [["replace", "succeeded"], ["recreate", "succeeded"], ["rename", "succeeded"], ["rename", "succeeded"]]);
    assert.deepEqual([items[0]?.vmId, items[0]?.requestedBy, items[0]?.reason, typeof items[0]?.paidUntil], [oldId, "operator_1", "more memory", "string"]);
  });

  it("leaves the VM protected, and its permission good for nothing more", async () => {
    const { rows: [state] } = await world.pool.query<{ data: { data: string } }>("SELECT data FROM pulumi_state WHERE key LIKE '%/stacks/user-vps/alice.json'");
    const { checkpoint } = JSON.parse(Buffer.from(state!.data.data, "base64").toString()) as { checkpoint: { latest: { resources: { type: string; protect?: boolean; inputs: Record<string, unknown> }[] } } };
    const vms = checkpoint.latest.resources.filter(({ type }) => type.endsWith(":VirtualMachine"));
    assert.deepEqual(vms.map(({ protect, inputs }) => [protect, inputs["allowReplaceOf"], inputs["allowRecreateOf"]]), [[true, undefined, undefined]]);
    assert.deepEqual((await world.pool.query("SELECT FROM vps_changes WHERE ended_at IS NULL")).rows, []);
  });

  it("of the plan whose payment is refused waits, is taken back without a purchase, and touches nothing", async () => {
    await changed("rename", { hostname: "alicia.spoq.dev" });
    const { hostingerVmId, plan } = await ready();
    const before = vmOf(hostingerVmId!);
    const purchases = world.sandbox.state().purchases.length;
    world.sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/virtual-machines", times: 1, fault: { kind: "status", status: 402 } });
    assert.equal((await operate("replace", { confirm: "alice", plan: "kvm8" })).status, 202);
    await world.until(ID, "waiting for the payment", ({ status, errorCode }) => status === "queued" && errorCode === "PAYMENT_REFUSED");
    assert.equal((await operate("cancel", {})).status, 202);
    await world.until(ID, "cancelled", ({ status, errorCode }) => status === "failed" && errorCode === "CANCELLED");
    await changed("replace", { plan: "kvm2" });
    const { hostname, state, actions } = vmOf(hostingerVmId!);
    assert.deepEqual([hostname, state, actions.filter(({ name }) => name === "recreate").length], [before.hostname, "running", before.actions.filter(({ name }) => name === "recreate").length]);
    const after = await ready();
    assert.deepEqual([after.hostingerVmId, after.plan, after.bootHostname, world.sandbox.state().purchases.length], [hostingerVmId, plan, "alice.spoq.dev", purchases]);
    await assertAsDeclared();
  });

  it("of the VM, stopped with both VMs there, comes to its end by a change of another kind", async () => {
    const { hostingerVmId: firstId } = await ready();
    const path = `/api/billing/v1/subscriptions/${vmOf(firstId!).subscriptionId}/auto-renewal/disable`;
    world.sandbox.addFault({ api: "hostinger", method: "DELETE", path, times: 3, fault: { kind: "status", status: 422 } });
    assert.equal((await operate("replace", { confirm: "alice", plan: "kvm1" })).status, 202);
    const { hostingerVmId: secondId, errorCode } = await world.until(ID, "failed", ({ status }) => status === "failed");
    assert.deepEqual([errorCode, secondId === firstId, vmOf(firstId!).autoRenewed], ["API_REJECTED", false, true]);
    // Twice more: from then on neither the state nor the provider's settings say any more which VM was to be replaced.
    assert.equal((await operate("retry", {})).status, 202);
    await world.until(ID, "failed again", ({ status }) => status === "failed");
    assert.equal((await operate("rename", { confirm: "alice", hostname: "alice.spoq.dev" })).status, 202);
    await world.until(ID, "failed as renamed", ({ status }) => status === "failed");
    assert.equal(vmOf(firstId!).autoRenewed, true);
    assert.equal((await operate("retry", {})).status, 202);
    const { hostname: name } = await world.until(ID, "an end", ({ status }) => status === "failed" || status === "ready");
    assert.equal(name, "alice.spoq.dev");
    const { status, errorCode: refused, hostingerVmId, bootHostname } = (await findVpsByUserId(world.pool, ID))!;
    assert.deepEqual([status, refused, hostingerVmId, bootHostname, vmOf(secondId!).state], ["ready", null, secondId, "alicia.spoq.dev", "running"]);
    const { state, autoRenewed, hostname } = vmOf(firstId!);
    assert.deepEqual([state, autoRenewed, hostname], ["stopped", false, `old-${firstId}.alice.spoq.dev`]);
    await assertAsDeclared();
    await changed("rename", { hostname: "alicia.spoq.dev" });
  });

  it("that stopped half-way leaves nothing of the user's behind when the VPS is given up", async () => {
    const { hostingerVmId: firstId } = await ready();
    const boot = await fetch(`${world.sandbox.controlUrl}/boot`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ hostname: "alicia.spoq.dev", outcome: "error" }) });
    assert.ok(boot.ok);
    assert.equal((await operate("replace", { confirm: "alice", plan: "kvm4" })).status, 202);
    const { hostingerVmId: secondId, errorCode } = await world.until(ID, "failed", ({ status }) => status === "failed");
    assert.deepEqual([errorCode, secondId === firstId], ["VM_ERROR", false], "the record names the VM that the stack has");
    assert.equal((await operate("deprovision", { confirm: "alice", reason: "a test" })).status, 202);
    await world.until(ID, "deprovisioned", ({ status }) => status === "deprovisioned");
    const left = world.sandbox.state().vms.map(({ id, state, autoRenewed, hostname }) => [id, state, autoRenewed, /spoq\.dev/.test(hostname)]);
    assert.deepEqual(left, left.map(([id]) => [id, "stopped", false, false]), "all are wiped, stopped and not renewed");
    assert.ok(left.some(([id]) => id === firstId) && left.some(([id]) => id === secondId));
  });

  it("is recorded as asked for by nobody who may not: a user's token is refused", async () => {
    for (const path of ["recreate", "replace", "rename"]) assert.equal((await call(`/api/admin/vps/alice/${path}`, { confirm: "alice" }, await asUser("alice"))).status, 403);
  });
});
