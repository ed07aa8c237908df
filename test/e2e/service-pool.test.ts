/** The warm pool with the real engine: members are built, users get them, nothing of the pool is left on the VM. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, it } from "vitest";
import { canLogIn } from "../support/ssh-login.ts";
import { withDatabase } from "../support/postgres.ts";
import type { ServiceWorld } from "../support/service-world.ts";
import { signToken } from "../support/tokens.ts";
import { until as untilSo } from "../support/until.ts";
import { openWarmPool } from "../support/warm-pool-proof.ts";
import type { WarmPoolWorld } from "../support/warm-pool-proof.ts";

const database = await withDatabase();
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("a warm pool", () => {
  let warm: WarmPoolWorld;
  let world: ServiceWorld;
  let url: string;

  beforeAll(async () => {
    warm = await openWarmPool({ databaseUrl: database.url, members: 2, bootMs: 200, scriptMs: 150 });
    ({ world, url } = warm);
  });
  afterAll(() => warm?.close());

  const call = async (who: { name: string; scope?: string }, method: string, path: string, body?: unknown) => {
    const token = await signToken({ sub: `u-${who.name}`, username: who.name, ...(who.scope && { scope: who.scope }) }, { expiresInSeconds: 3_600 });
    const answer = await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }) }, ...(body !== undefined && { body: JSON.stringify(body) }) });
    return { status: answer.status, body: answer.status === 204 ? {} : ((await answer.json()) as Record<string, unknown>) };
  };
  const credentials = async () => (await call({ name: "alice" }, "POST", "/api/vps/credentials")).body as { password: string; jwtSecret: string };
  const operator = { name: "olga", scope: "vps:admin" };
  const members = async () => (await world.pool.query<{ username: string; state: string; vmId: number }>(`SELECT username, state, vm_id::int AS "vmId" FROM vps_pool_members ORDER BY created_at, username`)).rows;
  const until = (what: string, isReached: () => Promise<boolean>) => untilSo(what, isReached, members);
  const inState = async (state: string) => (await members()).filter((one) => one.state === state);
  const vmOf = (vmId: number) => world.sandbox.state().vms.find(({ id }) => id === vmId)!;

  it("has its members bought, installed and healthy by their address, without a DNS record, not renewed and shown to nobody", async () => {
    await until("two ready members", async () => (await inState("ready")).length === 2);
    const ready = await inState("ready");
    const state = world.sandbox.state();
    assert.equal(state.vms.length, 2);
    assert.deepEqual(state.records, []);
    assert.deepEqual(state.vms.map(({ autoRenewed }) => autoRenewed), [false, false]);
    for (const { vmId, username } of ready) assert.equal(vmOf(vmId).hostname, `${username}.${world.sandbox.domain}`);
    const { rows } = await world.pool.query("SELECT FROM vps_credentials");
    assert.equal(rows.length, 0);
    const { body } = await call(operator, "GET", "/api/admin/vps");
    assert.deepEqual(body["items"], []);
  });

  it("gives a user who signs up a member's VM at once, which is the user's own in everything", async () => {
    const before = new Map((await inState("ready")).map(({ vmId }) => [vmId, structuredClone(vmOf(vmId))]));
    const asked = await call({ name: "alice" }, "POST", "/api/vps/provision");
    assert.equal(asked.body["pool"], "claimed");
    const record = await world.until("u-alice", "ready", ({ status }) => status === "ready");
    const vmId = record.hostingerVmId!;
    const was = before.get(vmId)!;
    assert.ok(was, "one of the pool's");
    const shown = await credentials();
    const vm = vmOf(vmId);
    assert.equal(vm.hostname, `alice.${world.sandbox.domain}`);
    assert.equal(vm.credentials!.passwordSha256, sha256(shown.password));
    assert.equal(vm.rootPasswordSha256, sha256(shown.password));
    assert.equal(vm.credentials!.jwtSecretSha256, sha256(shown.jwtSecret));
    assert.equal(vm.credentials!.ownerId, "u-alice");
    assert.ok(vm.hasCertificate && vm.health?.siteAddress === `alice.${world.sandbox.domain}`);
    assert.ok(vm.identity.machineId !== was.identity.machineId && vm.identity.hostKeySha256 !== was.identity.hostKeySha256);
    assert.ok(was.identity.logCharacters > 0 && vm.identity.logCharacters === 0);
    assert.notEqual(vm.credentials!.jwtSecretSha256, was.credentials!.jwtSecretSha256);
    assert.ok(await canLogIn(vm.address!, world.sandbox.sshPort, "spoq", shown.password));
    assert.deepEqual(await warm.wrongWith("alice"), [], "nor has anybody got in with what the member was made with");
    assert.equal(vm.autoRenewed, true);
    assert.deepEqual(world.sandbox.state().records.map(({ name, content }) => [name, content]), [[`alice.${world.sandbox.domain}`, vm.address]]);
    assert.deepEqual(await world.outcomes("u-alice"), ["succeeded"]);
  });

  it("lets the member's stack and script end without touching the VM, and is filled again", async () => {
    await until("the pool to be filled again", async () => (await inState("ready")).length === 2);
    const [delivered] = await inState("delivered");
    await until("the member's stack to end", async () => (await world.pool.query("SELECT FROM pulumi_state WHERE key LIKE '%/stacks/user-vps/' || $1 || '.json'", [delivered!.username])).rowCount === 0);
    await until("its script to be gone", async () => !world.sandbox.state().scripts.some(({ name }) => name.includes(delivered!.username)));
    const record = await world.until("u-alice", "ready", ({ status }) => status === "ready");
    assert.equal(vmOf(record.hostingerVmId!).state, "running");
    assert.equal(world.sandbox.state().purchases.length, 3);
  });

  it("finds nothing to change on the VPS of a user who has one from it", async () => {
    const { status, body } = await call(operator, "GET", "/api/admin/vps/alice/drift");
    assert.equal(status, 200);
    assert.deepEqual(body["resources"], []);
  });

  it("gives new credentials to a VPS that came from it", async () => {
    const { credentialsRotation } = (await world.until("u-alice", "ready", ({ status }) => status === "ready"));
    assert.equal((await call(operator, "POST", "/api/admin/vps/alice/rotate-credentials", {})).status, 202);
    const rotated = await world.until("u-alice", "ready again", (one) => one.status === "ready" && one.credentialsSavedRotation > credentialsRotation);
    const shown = await credentials();
    assert.equal(vmOf(rotated.hostingerVmId!).credentials!.passwordSha256, sha256(shown.password));
  });

  it("reads the boot log of a VPS that came from it from the server whose key it has pinned", async () => {
    const { status, body } = await call(operator, "GET", "/api/admin/vps/alice/boot-log");
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body["hostKeyVerified"], true);
  });

  it("installs a VPS that came from it anew as any other, and hands nothing over in the middle of its first boot", async () => {
    const { hostingerVmId } = await world.until("u-alice", "ready", ({ status }) => status === "ready");
    const { identity: before } = vmOf(hostingerVmId!);
    assert.equal((await call(operator, "POST", "/api/admin/vps/alice/recreate", { confirm: "alice", reason: "a fresh start" })).status, 202);
    await world.until("u-alice", "ready again", ({ status, recreation }) => status === "ready" && recreation === 1);
    const { identity, health, credentials: onDisk, actions } = vmOf(hostingerVmId!);
    assert.equal(actions.filter(({ name }) => name === "recreate").length, 1);
    assert.deepEqual([identity.handedOver, before.handedOver], [false, true]);
    assert.ok(identity.logCharacters > 0 && identity.hostKeySha256 !== before.hostKeySha256, "what its first boot has written is there");
    assert.equal(health?.siteAddress, `alice.${world.sandbox.domain}`);
    assert.equal(onDisk!.passwordSha256, sha256((await credentials()).password));
    const { body } = await call(operator, "GET", "/api/admin/vps/alice/boot-log");
    assert.deepEqual([body["outcome"], body["hostKeyVerified"]], ["complete", true]);
    assert.deepEqual((await call(operator, "GET", "/api/admin/vps/alice/drift")).body["resources"], []);
  });

  it("drained, has nothing left that is renewed or running, and the users keep theirs", async () => {
    assert.equal((await call(operator, "POST", "/api/admin/pools/kvm1-9-1007/drain", { reason: "the launch is over" })).status, 200);
    await until("the pool to be empty", async () => (await members()).every(({ state }) => state === "retired" || state === "delivered"));
    const { vms } = world.sandbox.state();
    const alice = await world.until("u-alice", "ready", ({ status }) => status === "ready");
    for (const vm of vms) {
      const isAlices = vm.id === alice.hostingerVmId;
      assert.equal(vm.state, isAlices ? "running" : "stopped");
      assert.equal(vm.autoRenewed, isAlices);
    }
  });
});
