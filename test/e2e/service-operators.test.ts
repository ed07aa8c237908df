/** An operator's day at the command line: the real service with the real engine, firewall and PTR switched on. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { StackDrift } from "../../src/drift/stack-drift.ts";
import type { FindingView, SweepView } from "../../src/http/routes/drift.ts";
import type { VmActionsView } from "../../src/http/routes/vm-actions.ts";
import { findVpsByUserId, listRuns } from "../../src/records/index.ts";
import { runCli, runJson } from "../integration/cli-support.ts";
import { withDatabase } from "../support/postgres.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld } from "../support/service-world.ts";
import { until } from "../support/until.ts";
import { asOperator, TEST_JWT_SECRET } from "../support/tokens.ts";

const USER = "alice";
const database = await withDatabase();

let world: ServiceWorld;
/** The service by HTTP, and nothing else. */
let operator: Record<string, string>;
beforeAll(async () => {
  world = await startServiceWorld(database.url);
  const { url } = await world.startAll({ JWT_SECRET: TEST_JWT_SECRET, VPS_FIREWALL: "true", VPS_PTR: "true", SWEEP_CRON: "off" });
  operator = { USER_VPS_URL: url, JWT_SECRET: TEST_JWT_SECRET };
  await world.signUp(USER, USER);
  await world.until(USER, "ready", ({ status }) => status === "ready");
});
afterAll(() => world.close());

const vm = () => world.sandbox.state().vms[0]!;
const drifted = async (kind: string) => {
  const answer = await fetch(`${world.sandbox.controlUrl}/vms/${vm().id}/drift`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ kind }) });
  assert.equal(answer.status, 200);
};

/** Sweeps leave a user alone for a minute after a change. */
async function aMinuteLater(): Promise<void> {
  await world.pool.query("UPDATE vps_runs SET started_at = started_at - interval '1 hour', ended_at = ended_at - interval '1 hour'");
  await world.pool.query("ALTER TABLE user_vps DISABLE TRIGGER USER; UPDATE user_vps SET updated_at = now() - interval '1 hour'; ALTER TABLE user_vps ENABLE TRIGGER USER");
}

describe("an operator at the command line", () => {
  it("has a firewall and a reverse entry on the VPS, because the service's settings say so", () => {
    const { firewalls } = world.sandbox.state();
    const [firewall] = firewalls;
    assert.deepEqual([firewalls.length, firewall?.rules.map(({ port }) => port).toSorted()], [1, [String(world.sandbox.sshPort), "443", "80"].toSorted()]);
    assert.deepEqual(vm().actions.map(({ name, state }) => [name, state]).filter(([name]) => name === "activate_firewall" || name === "set_ptr"), [["activate_firewall", "success"], ["set_ptr", "success"]]);
  });

  it("finds no drift, neither by the service nor by the plain Pulumi CLI on the service's stack", async () => {
    const none = { username: USER, resources: [], changes: 0, refusal: null };
    assert.deepEqual(await runJson<StackDrift>(["drift", USER, "--service"], { env: operator }), none);
    assert.deepEqual(await runJson<StackDrift>(["drift", USER], { env: world.env }), none);
  });

  it("moves the domain to another zone, into which its records were copied: the next run makes the record there, and nothing else", async () => {
    const STATE = "key LIKE '%/stacks/user-vps/alice.json'";
    const state = async () => Buffer.from((await world.pool.query<{ data: { data: string } }>(`SELECT data FROM pulumi_state WHERE ${STATE}`)).rows[0]!.data.data, "base64").toString();
    const { zoneId } = world.sandbox;
    const parsed = JSON.parse(await state()) as { checkpoint: { latest: { resources: { type: string }[] } } };
    // As if the record had been made in a zone that the token cannot reach any more.
    const { latest } = parsed.checkpoint;
    latest.resources = latest.resources.map((one) => (one.type.endsWith(":DnsRecord") ? JSON.parse(JSON.stringify(one).replaceAll(zoneId, "f".repeat(32))) as typeof one : one));
    await world.pool.query(`UPDATE pulumi_state SET data = $1 WHERE ${STATE}`, [{ data: Buffer.from(JSON.stringify(parsed)).toString("base64") }]);
    assert.ok((await state()).includes("f".repeat(32)));
    const actions = vm().actions.length;
    const ups = async () => (await listRuns(world.pool, USER)).items.filter(({ operation, outcome }) => operation === "up" && outcome !== null).map(({ outcome, message }) => [outcome, message]);
    const before = (await ups()).length;
    const asked = await fetch(`${operator["USER_VPS_URL"]}/api/admin/vps/${USER}/repair`, { method: "POST", headers: { ...(await asOperator()), "content-type": "application/json" }, body: JSON.stringify({ reason: "the zone has moved" }) });
    assert.equal(asked.status, 202, await asked.text());
    await until("the run to end", async () => (await ups()).length > before, ups);
    assert.equal((await ups())[0]![0], "succeeded", JSON.stringify(await ups()));
    assert.deepEqual([(await state()).includes("f".repeat(32)), world.sandbox.state().records.map(({ name, content }) => [name, content]), vm().actions.length - actions], [false, [[vm().hostname, vm().address]], 0]);
    assert.deepEqual(await runJson<StackDrift>(["drift", USER, "--service"], { env: operator }), { username: USER, resources: [], changes: 0, refusal: null });
  });

  it("sees the same drift both ways, sweeps, has it repaired, and the next sweep ends with 0", async () => {
    await drifted("stopped");
    const [byService, byCli] = [await runJson<StackDrift>(["drift", USER, "--service"], { env: operator, code: 2 }), await runJson<StackDrift>(["drift", USER], { env: world.env, code: 2 })];
    assert.deepEqual(byCli, byService);
    assert.ok(byCli.resources.some(({ resource, properties }) => resource === "vm" && properties.some(({ name, actual }) => name === "state" && actual === "stopped")));

    await aMinuteLater();
    const { sweep, findings } = await runJson<{ sweep: SweepView; findings: FindingView[] }>(["sweep"], { env: operator, code: 2 });
    assert.match(sweep.requestedBy, /^cli:/);
    assert.deepEqual(findings.map(({ kind, username, repair }) => [kind, username, repair.by]), [["VmStopped", USER, "up"]]);
    const repaired = await runCli(["repair", USER, "--why", "a test", "--follow"], { env: operator });
    assert.equal(repaired.code, 0, repaired.stdout + repaired.stderr);
    assert.match(repaired.stdout, /alice: up is done after [\d.]+ s; it is ready\.$/m);
    assert.equal(vm().state, "running");
    await aMinuteLater();
    assert.equal((await runCli(["sweep"], { env: operator })).code, 0);
  });

  it("makes a snapshot and restarts the VM, and sees both among the VM's actions", async () => {
    assert.equal((await runCli(["snapshot", USER, "--confirm", USER, "--follow"], { env: operator })).code, 0);
    assert.equal((await runCli(["power", "restart", USER, "--follow"], { env: operator })).code, 0);
    const { items, vmId } = await runJson<VmActionsView>(["actions", USER], { env: operator });
    assert.equal(vmId, vm().id);
    assert.deepEqual(items.slice(0, 2).map(({ name, progress }) => [name, progress]), [["restart", "completed"], ["create_snapshot", "completed"]]);
  });

  it("rotates the credentials and waits until they are there", async () => {
    const before = vm().rootPasswordSha256;
    const { code, stdout, stderr } = await runCli(["rotate", USER, "--follow"], { env: operator });
    assert.equal(code, 0, stdout + stderr);
    assert.notEqual(vm().rootPasswordSha256, before);
    assert.equal((await findVpsByUserId(world.pool, USER))?.credentialsSavedRotation, 2);
  });
});
