/** Drift of whole fleets with the real engine: named by the sweep and by a preview, repaired where that loses nothing. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { readSettings } from "../../src/config/index.ts";
import type { Settings } from "../../src/config/index.ts";
import { previewWithRefresh } from "../../src/drift/preview-events.ts";
import type { FindingKind } from "../../src/drift/kinds.ts";
import { openFindingsOf } from "../../src/drift/findings.ts";
import { requestRepair } from "../../src/drift/repair.ts";
import { stackDrift } from "../../src/drift/stack-drift.ts";
import { PREVIEW_LIMITS, sweep } from "../../src/drift/sweep.ts";
import { engineEnvironment } from "../../src/install-pulumi/engine-environment.ts";
import { ensureEngine } from "../../src/install-pulumi/ensure-engine.ts";
import { stackRequestOf } from "../../src/provisioning/stack-request.ts";
import { PROJECT_NAME } from "../../src/provisioning/stack-workspace.ts";
import { tagEnvironment } from "../../src/provisioning/process-tags.ts";
import { StateBackend } from "../../src/provisioning/state-backend.ts";
import { createCredentialsCipher, findVpsByUserId, takeCredentials } from "../../src/records/index.ts";
import { SLOT_LIMITS, Slots } from "../../src/slots/slots.ts";
import { engineVariables } from "../../src/service/engine-variables.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { addFleet, addRecord, control, setAutoRenewal, sweepOptions } from "../support/fleet.ts";
import type { TestSweep } from "../support/fleet.ts";
import { withDatabase } from "../support/postgres.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld } from "../support/service-world.ts";

const USERS = ["ada", "ben", "cid", "dot", "eli", "fay", "gus", "hal"];
const PREVIEW_LIMIT_MS = 60_000;
const small = await withDatabase();
const large = await withDatabase();
let previewSeconds: number | undefined;

describe("eight users of the engine", () => {
  let world: ServiceWorld;
  let options: TestSweep;
  let settings: Settings;
  const closers: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    world = await startServiceWorld(small.url);
    closers.push(() => world.close());
    settings = readSettings({ env: world.env, role: "worker" });
    const folder = await mkdtemp(join(tmpdir(), "user-vps-fleet-drift-"));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const installed = await ensureEngine({ env: { ...world.env }, onProgress: (line) => console.error(line) });
    const backend = new StateBackend(small.url, PROJECT_NAME);
    await backend.open();
    const slots = new Slots({ env: engineEnvironment(installed, engineVariables(world.env)), tag: (slot) => tagEnvironment({ worker: "fleet-drift", slot }), standIns: installed.standIns, limits: SLOT_LIMITS });
    closers.push(() => Promise.all([slots.close(), backend.close()]));
    const common = { installed, folder, slots, backend, backendUrl: small.url, env: engineVariables(world.env), workerId: "fleet-drift" };
    const preview = previewWithRefresh(common);
    options = {
      ...(await sweepOptions(world.sandbox, world.pool, small.url)),
      graceSeconds: 0, previews: { ...PREVIEW_LIMITS, atOnce: 2 },
      driftOf: (user, signal) => stackDrift(preview, stackRequestOf(user, settings), signal ?? AbortSignal.timeout(PREVIEW_LIMIT_MS)),
    };
    closers.push(() => options.close());
    await world.startWorker({ SWEEP_CRON: "off" });
    for (const username of USERS) await world.signUp(`u-${username}`, username);
    for (const username of USERS) await ready(username);
  });
  afterAll(async () => { for (const close of closers.reverse()) await close(); });

  const ready = (username: string) => world.until(`u-${username}`, "ready", ({ status }) => status === "ready");
  const host = (username: string) => `${username}.${world.sandbox.domain}`;
  const vmOf = async (username: string) => (await findVpsByUserId(world.pool, `u-${username}`))!.hostingerVmId!;
  const driftVm = async (username: string, drift: object) => control(world.sandbox, `vms/${await vmOf(username)}/drift`, drift);
  const driftRecord = (username: string, drift: object) => control(world.sandbox, "records/drift", { name: host(username), ...drift });

  /** Each user's finding and what the preview says: `VmStopped: vm.state change in place`. */
  async function found(): Promise<Record<string, string[]>> {
    const result = await sweep(options);
    const users = new Set(result.findings.flatMap(({ username }) => username ?? []));
    const told = await Promise.all([...users].sort().map(async (name) => [name, (await openFindingsOf(world.pool, name)).map(({ kind }) => kind)] as const));
    const ofNobody = result.findings.filter(({ username }) => username === null).map(({ subject, kind }) => [subject, [kind]] as const);
    return Object.fromEntries([...told, ...ofNobody]);
  }

  /** What the preview of a user's finding says of one property: what `up` would do. */
  async function told(username: string, place: string): Promise<string | undefined> {
    const [finding] = await openFindingsOf(world.pool, username);
    const { preview } = finding!;
    assert.ok(preview && "resources" in preview, JSON.stringify(preview));
    const [resource, name] = place.split(".");
    return preview.resources.find((one) => one.resource === resource)?.properties.find((property) => property.name === name)?.whatUpWouldDo;
  }

  const states = async () => (await world.pool.query<{ text: string }>("SELECT key || md5(data::text) AS text FROM pulumi_state WHERE key LIKE '%/stacks/%' ORDER BY key")).rows.map(({ text }) => text);

  it("differ in nothing while nobody touches them, by sweep and by preview", async () => {
    assert.deepEqual(await found(), {});
    const user = (await findVpsByUserId(world.pool, "u-ada"))!;
    const startedMs = performance.now();
    assert.deepEqual(await options.driftOf!(user), { username: "ada", resources: [], changes: 0, refusal: null });
    previewSeconds = (performance.now() - startedMs) / 1_000;
    console.log(`one preview with refresh: ${previewSeconds.toFixed(1)} s`);
  });

  it("are named by sweep and preview where they drift, and repaired by `up`", async () => {
    await driftVm("ada", { kind: "stopped" });
    await driftVm("ben", { kind: "renamed", hostname: "mallory.example.com" });
    await driftVm("cid", { kind: "new-ip" });
    await driftRecord("dot", { kind: "removed" });
    await driftRecord("eli", { kind: "content", content: "127.99.0.1" });
    await driftRecord("fay", { kind: "proxied" });
    await setAutoRenewal(world.sandbox, await vmOf("gus"), false);
    const before = await states();
    const kinds: Record<string, [FindingKind, place: string, action: string]> = {
      ada: ["VmStopped", "vm.state", "change in place"], ben: ["VmRenamed", "vm.hostname", "change in place"], cid: ["VmAddressDiffers", "vm.ipv4", "take note of it"],
      dot: ["RecordGone", "record.exists", "make it anew"], eli: ["RecordDiffers", "record.content", "change in place"], fay: ["RecordProxied", "record.proxied", "change in place"],
      gus: ["AutoRenewalOff", "vm.autoRenew", "change in place"],
    };
    assert.deepEqual(await found(), Object.fromEntries(Object.entries(kinds).map(([name, [kind]]) => [name, [kind]])));
    for (const [username, [, place, action]] of Object.entries(kinds)) assert.equal(await told(username, place), action, `${username} ${place}`);
    assert.deepEqual(await states(), before, "looking has changed no state");

    const runs = new Map<string, number>();
    for (const username of Object.keys(kinds)) {
      runs.set(username, (await world.runs(`u-${username}`)).length);
      const [finding] = await openFindingsOf(world.pool, username);
      const repair = await requestRepair(world.pool, world.jobs, { findingId: finding!.findingId, requestedBy: "operator_1", why: "an example" });
      assert.equal(repair?.decision, "queued", repair?.reason);
    }
    for (const [username, before] of runs) await mended(username, before);
    assert.deepEqual(await found(), {});
    assert.equal(world.sandbox.state().purchases.length, USERS.length);
  });

  it("are not repaired where that would buy or wipe, or could not help: it says why not", async () => {
    await noSecondLook();
    const adas = await vmOf("ada");
    const leftPaid = world.sandbox.state().vms.find(({ id }) => id === adas)!.subscriptionId;
    await driftVm("ada", { kind: "gone" });
    await driftVm("ben", { kind: "plan", itemId: "hostingercom-vps-kvm4-usd-1m" });
    await driftVm("cid", { kind: "template", templateId: 1013 });
    await driftVm("dot", { kind: "data-center", dataCenterId: 19 });
    await driftVm("eli", { kind: "error" });
    await driftVm("fay", { kind: "suspended" });
    await driftVm("gus", { kind: "unhealthy" });
    await addRecord(world.sandbox, host("hal"), "127.99.0.2");
    const kinds: Record<string, [FindingKind, place: string, action: RegExp | undefined, why: RegExp]> = {
      ada: ["VmGone", "vm.state", /^refused: VM_GONE.*`user-vps replace ada`/, /`user-vps replace USER`/], ben: ["VmPlanDiffers", "vm.plan", /^refused: CHANGE_REFUSED: plan .*would buy another VM/, /buy another VM/],
      cid: ["VmTemplateDiffers", "vm.templateId", /^refused: CHANGE_REFUSED: templateId .*wiped/, /wipe the VM/], dot: ["VmDataCenterDiffers", "vm.dataCenterId", /^refused: CHANGE_REFUSED/, /buy another VM/],
      eli: ["VmInError", "vm.state", /^change in place/, /Hostinger panel/], fay: ["VmSuspended", "vm.state", /^change in place/, /Hostinger alone/],
      gus: ["Unhealthy", "health.healthy", /^change in place/, /could only wait/], hal: ["RecordDoubled", "record.content", undefined, /belong to no stack/],
    };
    assert.deepEqual(await found(), { ...Object.fromEntries(Object.entries(kinds).map(([name, [kind]]) => [name, [kind]])), [leftPaid]: ["SubscriptionWithoutVm"] });
    for (const [username, [, place, action, why]] of Object.entries(kinds)) {
      const says = await told(username, place);
      if (action) assert.match(says ?? "nothing", action, username);
      else assert.equal(says, undefined);
      const [finding] = await openFindingsOf(world.pool, username);
      const repair = await requestRepair(world.pool, world.jobs, { findingId: finding!.findingId, requestedBy: "operator_1", why: "an example" });
      assert.equal(repair?.decision, "refused");
      assert.match(repair.reason, why);
    }
    assert.equal(world.sandbox.state().purchases.length, USERS.length);
  });

  it("have no secret in what is stored about them", async () => {
    const credentials = await takeCredentials(world.pool, createCredentialsCipher(settings.credentialsKeys!), "u-ada");
    const { rows } = await world.pool.query<{ text: string }>("SELECT row_to_json(f)::text AS text FROM vps_findings f");
    assert.ok(rows.length >= 15 && credentials);
    for (const secret of [credentials.password, credentials.jwtSecret]) assert.ok(!rows.some(({ text }) => text.includes(secret)));
  });

  /** The service looks again at what was repaired, and would see half of what is done to a VM meanwhile. */
  async function noSecondLook(): Promise<void> {
    for (let turn = 0; turn < 120; turn += 1) {
      const { rowCount } = await world.pool.query("SELECT FROM vps_findings WHERE looked_at > clock_timestamp() - interval '10 seconds'");
      if (rowCount === 0) return;
      await new Promise((resume) => setTimeout(resume, 500));
    }
    assert.fail("the service looks again and again");
  }

  async function mended(username: string, runsBefore: number): Promise<void> {
    const endMs = Date.now() + 450_000;
    for (;;) {
      const runs = await world.runs(`u-${username}`);
      const record = await findVpsByUserId(world.pool, `u-${username}`);
      if (runs.length > runsBefore && runs.every(({ outcome }) => outcome !== null) && record?.status === "ready") return;
      assert.ok(Date.now() < endMs && record?.status !== "failed", `${username}: ${JSON.stringify({ record, run: runs[0] })}`);
      await new Promise((resume) => setTimeout(resume, 100));
    }
  }
});

describe("a thousand users", () => {
  it("are looked at by under 30 API calls, and none is found wanting but the three that are stopped", async () => {
    const sandbox = await startSandbox();
    const options = await sweepOptions(sandbox, large.pool, large.url);
    try {
      const members = await addFleet(sandbox, large.pool, 1_000, 1, 10);
      for (const { vmId } of members.slice(0, 3)) await control(sandbox, `vms/${vmId}/drift`, { kind: "stopped" });
      const before = sandbox.state().calls;
      const { seconds, findings, examined } = await sweep(options);
      const { hostinger, cloudflare } = sandbox.state().calls;
      const calls = hostinger + cloudflare - before.hostinger - before.cloudflare;
      console.log(`sweep of 1,000 users: ${seconds.toFixed(1)} s, ${calls} API calls; 1,000 previews would take ${((previewSeconds ?? NaN) * 1_000).toFixed(0)} s`);
      assert.deepEqual([examined, findings.map(({ kind }) => kind)], [1_000, ["VmStopped", "VmStopped", "VmStopped"]]);
      assert.ok(calls < 30, `${calls} calls`);
    } finally {
      await options.close();
      await sandbox.close();
    }
  });
});
