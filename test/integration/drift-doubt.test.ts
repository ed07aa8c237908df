/** Sweeps on a bad day: lists that lack things, a prober that is busy, previews that find nothing or do not end. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { listFindings } from "../../src/drift/findings.ts";
import { lookAgain } from "../../src/drift/second-look.ts";
import { PREVIEW_LIMITS, sweep } from "../../src/drift/sweep.ts";
import type { SweepOptions } from "../../src/drift/sweep.ts";
import { finishRun, startRun } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { addFleet, control, sweepOptions, withoutListedVms } from "../support/fleet.ts";
import type { FleetMember, TestSweep } from "../support/fleet.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool, url } = await withDatabase();
let sandbox: Sandbox;
let options: TestSweep;
let members: FleetMember[];

beforeAll(async () => {
  sandbox = await startSandbox();
  options = await sweepOptions(sandbox, pool, url);
  members = await addFleet(sandbox, pool, 12);
});
afterAll(async () => {
  await options.close();
  await sandbox.close();
});
beforeEach(async () => {
  await pool.query("TRUNCATE vps_findings, vps_repairs, vps_runs CASCADE");
});

const found = async (more: Partial<SweepOptions> = {}) => (await sweep({ ...options, ...more })).findings.map(({ kind, subject }) => `${kind} ${subject}`).sort();
const open = async () => (await listFindings(pool, { open: true, limit: 100 })).items.map(({ kind, subject }) => `${kind} ${subject}`).sort();
const driftVm = (member: FleetMember, drift: object) => control(sandbox, `vms/${member.vmId}/drift`, drift);

const withoutListed = (isLost: (vmId: number) => boolean, isKnownById?: (vmId: number) => boolean) => withoutListedVms(options, isLost, isKnownById);

describe("a list that lacks VMs", () => {
  it("makes nobody's VM gone that is there by its id, and is told as doubted if it lost many", async () => {
    const lost = new Set(members.slice(0, 2).map(({ vmId }) => vmId));
    assert.deepEqual(await found(withoutListed((id) => lost.has(id))), [], "two of twelve, and both are there");
    const { findings, examined } = await sweep({ ...options, ...withoutListed(() => true) });
    assert.deepEqual([findings.map(({ kind, subject }) => `${kind} ${subject}`), examined], [["ListDoubted virtual machines"], 12]);
    assert.match(findings[0]!.actual, /lost those of 12 users at once .* Of 12 that were asked for one by one, 12 are there/);
    assert.deepEqual(await found(), [], "over with the next whole list");
  });

  it("that also by id are not there: one is gone at once; many are not judged before the next sweep finds the same, and cost no previews until then", async () => {
    let previews = 0;
    const driftOf: SweepOptions["driftOf"] = async ({ username }) => { previews++; return { username, resources: [], changes: 1, refusal: null }; };
    const one = members[0]!.vmId;
    assert.deepEqual(await found(withoutListed((id) => id === one, (id) => id !== one)), ["VmGone user1"]);

    const empty = { ...withoutListed(() => true, () => false), driftOf, previews: { ...PREVIEW_LIMITS, most: 3 } };
    const first = await sweep({ ...options, ...empty });
    assert.deepEqual(first.findings.filter(({ kind }) => kind !== "VmGone").map(({ kind, subject }) => `${kind} ${subject}`), ["ListDoubted virtual machines"]);
    assert.deepEqual(await open(), ["ListDoubted virtual machines", "VmGone user1"], "what was known before stays");
    assert.equal(previews, 0);
    assert.equal((await found(empty)).filter((one) => one.startsWith("VmGone")).length, 12);
    assert.equal(previews, 3);
    assert.deepEqual((await open()).filter((one) => one.startsWith("ListDoubted")), []);
  });

  it("or DNS records: those of the zone are asked for by name, and doubted likewise", async () => {
    const { zone } = options;
    const emptyList: SweepOptions["zone"] = { list: zone.list, read: async () => ({ records: [], isWhole: true }), remove: zone.remove, get calls() { return zone.calls; }, close: async () => undefined };
    assert.deepEqual(await found({ zone: emptyList }), ["ListDoubted DNS records"]);
    assert.deepEqual(await found({ zone: emptyList }), [], "asked for by name, they are there");
  });

  it("says nothing of users whose VM cannot be asked for", async () => {
    const lost = members[0]!.vmId;
    const broken = withoutListed((id) => id === lost);
    const hostinger = { ...broken.hostinger, virtualMachines: { ...broken.hostinger.virtualMachines, get: async () => { throw new Error("an outage"); } } };
    const { findings, examined } = await sweep({ ...options, hostinger });
    assert.deepEqual([findings, examined], [[], 11]);
  });

  it("in which one entry cannot be read is no outage: it is told as a finding, and is over with the next whole list", async () => {
    const { vmId } = members[0]!;
    sandbox.addFault({ api: "hostinger", method: "GET", path: "/api/vps/v1/virtual-machines$", fault: { kind: "answer", edits: [{ path: "0.state", value: null }] } });
    const { findings, examined } = await sweep(options);
    assert.deepEqual([findings.map(({ kind, subject, username }) => [kind, subject, username]), examined], [[["VmUnreadable", "user1", "user1"]], 12]);
    assert.match(findings[0]!.actual, new RegExp(`^VM ${vmId} .*state`));
    assert.deepEqual(await open(), ["VmUnreadable user1"]);
    assert.deepEqual(await found(), []);
    assert.deepEqual(await open(), []);
  });

  it("goes on without payment methods where the token may not see them, and keeps what is known of them", async () => {
    await pool.query("INSERT INTO vps_findings (kind, subject, declared, actual, first_seen, last_seen) VALUES ('PaymentMethodEnds', '5', 'a', 'b', now(), now())");
    const hostinger = { ...withoutListed(() => false).hostinger, paymentMethods: { list: async () => { throw new Error("403"); } } } as SweepOptions["hostinger"];
    assert.deepEqual(await found({ hostinger }), []);
    assert.deepEqual(await open(), ["PaymentMethodEnds 5"]);
  });
});

describe("a prober", () => {
  it("that was busy looks again before it calls anybody unhealthy", async () => {
    const answer = sweep({ ...options, probe: { ...options.probe, timeoutMs: 400 } });
    // The first looks are under way; nothing else runs in this process for longer than they wait.
    const busy = setInterval(() => { const endMs = performance.now() + 900; while (performance.now() < endMs); }, 20);
    setTimeout(() => clearInterval(busy), 2_000);
    assert.deepEqual((await answer).findings, []);
  });

  it("says so of itself where many time out at once, and what was known of their health stays", async () => {
    await driftVm(members[0]!, { kind: "unhealthy" });
    assert.deepEqual(await found(), ["Unhealthy user1"]);
    // An address at which nobody answers, not even with a refusal.
    const silent = { ...options, probe: { ...options.probe, timeoutMs: 30, target: { ...options.probe.target, resolver: "192.0.2.1:53" } } };
    const { findings } = await sweep(silent);
    assert.deepEqual(findings.map(({ kind, actual }) => `${kind}: ${actual}`), ["ProberDoubted: 12 of 12 health checks timed out, twice"]);
    assert.deepEqual(await open(), ["ProberDoubted health checks", "Unhealthy user1"]);
    await driftVm(members[0]!, { kind: "healthy" });
    assert.deepEqual(await found(), []);
    assert.deepEqual(await open(), []);
  });
});

describe("a preview", () => {
  it("that finds nothing to do closes what it looks at, and leaves open what it does not", async () => {
    await driftVm(members[1]!, { kind: "stopped" });
    await driftVm(members[2]!, { kind: "unhealthy" });
    assert.deepEqual(await found({ driftOf: async ({ username }) => ({ username, resources: [], changes: 0, refusal: null }) }), ["Unhealthy user3", "VmStopped user2"]);
    assert.deepEqual(await open(), ["Unhealthy user3"]);
    await driftVm(members[1]!, { kind: "started" });
    await driftVm(members[2]!, { kind: "healthy" });
  });

  it("is made again when another finding of the user is over, and goes for all that are open: what `up` was refused for may be over as well", async () => {
    const { hostname, address, username } = members[7]!;
    const driftRecord = (content: string) => control(sandbox, "records/drift", { name: hostname, kind: "content", content });
    const previewed = async (refusal: string | null) => (await sweep({ ...options, driftOf: async () => ({ username, resources: [], changes: 1, refusal }) })).previews;
    const refusals = async () => (await listFindings(pool, { open: true, username, limit: 9 })).items.map(({ kind, preview }) => [kind, preview && "refusal" in preview && preview.refusal]).sort();
    await driftVm(members[7]!, { kind: "template", templateId: 1013 });
    await driftRecord("127.99.0.1");
    assert.equal(await previewed("it would wipe"), 1);
    assert.deepEqual(await refusals(), [["RecordDiffers", "it would wipe"], ["VmTemplateDiffers", "it would wipe"]]);
    assert.equal(await previewed(null), 0, "nothing of it is new");
    await driftVm(members[7]!, { kind: "template", templateId: 1007 });
    assert.equal(await previewed("it is another reason"), 1);
    assert.deepEqual(await refusals(), [["RecordDiffers", "it is another reason"]]);
    await driftVm(members[7]!, { kind: "stopped" });
    assert.equal(await previewed(null), 1);
    assert.deepEqual(await refusals(), [["RecordDiffers", null], ["VmStopped", null]]);
    await driftVm(members[7]!, { kind: "started" });
    await driftRecord(address);
    assert.deepEqual(await found(), []);
  });

  it("has a limit, and so have all of a sweep: one that hangs holds up neither", async () => {
    for (const member of members.slice(1, 4)) await driftVm(member, { kind: "stopped" });
    const driftOf: SweepOptions["driftOf"] = () => new Promise(() => undefined);
    const { previews } = await sweep({ ...options, driftOf, previews: { ...PREVIEW_LIMITS, limitMs: 500, allLimitMs: 750 } });
    assert.equal(previews, 2, "the third has no turn any more");
    const texts = (await listFindings(pool, { open: true, limit: 9 })).items.map(({ preview }) => JSON.stringify(preview)).sort();
    assert.deepEqual(texts.map((text) => /did not end within/.test(text)), [false, true, true]);
    for (const member of members.slice(1, 4)) await driftVm(member, { kind: "started" });
  });
});

describe("a finding that was repaired", () => {
  const run = async (username: string, outcome: "succeeded" | "failed") => {
    const runId = crypto.randomUUID();
    await startRun(pool, { runId, userId: `u-${username}`, username, operation: "up", workerId: "w", hostId: "h", pid: 1 });
    await finishRun(pool, runId, { outcome, seconds: 1 });
  };
  const look = () => lookAgain({ ...options, signal: new AbortController().signal }, () => undefined);

  it("goes with the success of the run, after a second look at just that user, and not before", async () => {
    await driftVm(members[4]!, { kind: "stopped" });
    await driftVm(members[5]!, { kind: "stopped" });
    await sweep(options);
    assert.deepEqual(await look(), [], "nothing has run since");
    await driftVm(members[4]!, { kind: "started" });
    await run("user5", "failed");
    assert.deepEqual(await look(), []);
    await run("user5", "succeeded");
    await run("user6", "succeeded");
    const before = sandbox.state().calls.hostinger;
    assert.deepEqual((await look()).sort(), ["user5", "user6"]);
    assert.equal(sandbox.state().calls.hostinger - before, 4, "two calls a user, whatever the fleet");
    assert.deepEqual(await open(), ["VmStopped user6"], "what is still so stays open");
    assert.deepEqual(await look(), [], "once a run");
    await driftVm(members[5]!, { kind: "started" });
  });

  it("does not go where it was not looked for: whether an entry of the list can be read, only the list tells", async () => {
    await pool.query("INSERT INTO vps_findings (kind, subject, user_id, username, declared, actual, first_seen, last_seen) VALUES ('VmUnreadable', 'user4', 'u-user4', 'user4', 'a', 'b', now(), now()), ('VmStopped', 'user4', 'u-user4', 'user4', 'a', 'b', now(), now())");
    await run("user4", "succeeded");
    assert.deepEqual(await look(), ["user4"]);
    assert.deepEqual(await open(), ["VmUnreadable user4"]);
  });

  it("is looked at by one of several workers, and not while something is done for the user", async () => {
    await driftVm(members[6]!, { kind: "stopped" });
    await sweep(options);
    await run("user7", "succeeded");
    await startRun(pool, { runId: "going-on", userId: "u-user7", username: "user7", operation: "power", workerId: "w", hostId: "h", pid: 1 });
    assert.deepEqual(await look(), []);
    await finishRun(pool, "going-on", { outcome: "succeeded", seconds: 1 });
    const looks = await Promise.all([look(), look(), look()]);
    assert.deepEqual(looks.flat(), ["user7"]);
    await driftVm(members[6]!, { kind: "started" });
  });
});
