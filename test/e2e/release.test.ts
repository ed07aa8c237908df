import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { CliWorld } from "../support/cli-world.ts";
import { withFormerCommands } from "../support/former-commands.ts";
import { until } from "../support/until.ts";

const USER = "e2e-rita";
const HOSTNAME = "e2e-rita.spoq.dev";

let world: CliWorld;
beforeAll(async () => {
  world = await CliWorld.open({ warm: true });
  await world.newStack(USER, { healthTimeoutSeconds: "20" });
  const { code, text } = await world.up(USER);
  assert.equal(code, 0, text);
});
afterAll(() => world.close());

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const urlOf = (version: string) => `https://downloads.example.com/conductor-${version}`;

async function publish(version: string, more: Record<string, unknown> = {}): Promise<void> {
  await world.control("artefacts", { url: urlOf(version), sha256: sha256(version), version, ...more });
}

async function release(version: string, checksum = sha256(version)) {
  return world.upWith(USER, { releaseVersion: version, releaseConductorUrl: urlOf(version), releaseConductorSha256: checksum });
}

async function succeeds(run: Promise<{ code: number | null; text: string }>): Promise<string> {
  const { code, text } = await run;
  assert.equal(code, 0, text);
  return text;
}

const vm = () => world.sandbox.state().vms.find(({ hostname }) => hostname === HOSTNAME)!;
const noChanges = () => succeeds(world.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", USER));

describe("a release on a VPS that is already there, by the Pulumi CLI", () => {
  it("is what the refusal of another conductorUrl points to", async () => {
    await world.set(USER, { conductorUrl: urlOf("2.0.0") });
    const { code, text } = await world.pulumi("preview", "--stack", USER);
    await world.ok("config", "rm", "conductorUrl", "--stack", USER);
    assert.notEqual(code, 0);
    assert.match(text, /CHANGE_REFUSED: .* by a release over SSH: keep conductorUrl and cliUrl, and set releaseVersion/);
  });

  it("refuses a release without a checksum", async () => {
    await world.set(USER, { releaseVersion: "2.0.0", releaseConductorUrl: urlOf("2.0.0") });
    const { code, text } = await world.pulumi("preview", "--stack", USER);
    assert.notEqual(code, 0);
    assert.match(text, /CONFIG_INVALID: .*releaseConductorUrl and releaseConductorSha256 go together/s);
  });

  it("installs over SSH, checks health again, and has nothing to do a second time", async () => {
    await publish("2.0.0");
    assert.match(await succeeds(release("2.0.0")), /HealthCheck health updated/);
    assert.deepEqual(vm().programs.conductor, { version: "2.0.0", sha256: sha256("2.0.0"), healthy: true });
    assert.equal((await world.storedOutputs(USER))["releaseVersion"], "2.0.0");
    assert.match(await world.ok("stack", "export", "--stack", USER), /"hostKey": "ecdsa-sha2-nistp256 AAAA/);
    await noChanges();
  });

  it("is brought again where the state holds it, by a run that is told to, and leaves no difference", async () => {
    const text = await succeeds(world.up(USER, { USER_VPS_RUN_AGAIN: "release,health" }));
    assert.match(text, /release 2\.0\.0: conductor is installed already/);
    assert.match(text, /2 updated/);
    assert.doesNotMatch(await succeeds(world.up(USER)), /updated/);
    await noChanges();
  });

  it("goes back to the previous program when the new one is not healthy, and fails with the reason", async () => {
    await publish("2.1.0", { healthy: false });
    const { code, text } = await release("2.1.0");
    assert.notEqual(code, 0);
    assert.match(text, /RELEASE_FAILED: .* the VPS says: "release 2\.1\.0: Conductor was not healthy and was rolled back; the previous program runs and is healthy/);
    assert.equal(vm().programs.conductor?.version, "2.0.0");
    assert.equal(vm().health?.healthStatus, 200);
  });

  it("changes nothing when the download fails or has another checksum", async () => {
    for (const [version, more, reason] of [["2.2.0", { downloads: false }, /cannot be downloaded; nothing was changed/], ["2.3.0", { sha256: sha256("something else") }, /another checksum .*nothing was changed/]] as const) {
      await publish(version, more);
      const { code, text } = await release(version);
      assert.notEqual(code, 0);
      assert.match(text, reason);
      assert.equal(vm().programs.conductor?.version, "2.0.0");
    }
  });

  it("keeps the release through a rotation of the password, and holds no secret in plain text", async () => {
    await publish("2.4.0");
    await succeeds(release("2.4.0"));
    const text = await succeeds(world.upWith(USER, { credentialRotation: "2" }));
    assert.equal(vm().programs.conductor?.version, "2.4.0");
    const { password } = (await world.outputs(USER)) as { password: string };
    for (const place of [text, await world.ok("stack", "export", "--stack", USER)]) assert.ok(!place.includes(password));
    await noChanges();
  });
});

describe("a stack of a version whose scripts were run by the Command plugin", () => {
  const stored = () => world.ok("stack", "export", "--stack", USER);
  const scripts = (text: string) => [...text.matchAll(/release 2\.4\.0: (conductor is installed already)/g)].length;

  it("goes on without the plugin: both scripts run once, what the state held of it is gone, and nothing else changes", async () => {
    const { password, jwtSecret } = (await world.outputs(USER)) as { password: string; jwtSecret: string };
    const file = join(await mkdtemp(join(tmpdir(), "user-vps-former-")), "state.json");
    await writeFile(file, withFormerCommands(await stored()));
    await world.ok("stack", "import", "--file", file, "--stack", USER);
    await rm(dirname(file), { recursive: true });
    const [before, paid] = [vm(), world.purchasesOf(HOSTNAME)];

    assert.match(await succeeds(world.pulumi("preview", "--refresh", "--stack", USER)), /2 to create.*2 to delete.*9 unchanged/s);
    await world.ok("refresh", "--yes", "--skip-preview", "--stack", USER);
    const refreshed = await stored();
    assert.equal(refreshed.match(/"type": "command:remote:Command"/g)?.length, 2);
    for (const secret of [password, jwtSecret]) assert.ok(!refreshed.includes(secret), "looking at it makes no secret plain");

    const text = await succeeds(world.up(USER));
    assert.match(text, /2 created.*2 deleted.*9 unchanged/s);
    assert.equal(scripts(text.slice(0, text.indexOf("Diagnostics:"))), 1);
    assert.doesNotMatch(await stored(), /remote:Command|providers:command/);
    assert.deepEqual([vm().id, vm().programs, vm().actions.length, world.purchasesOf(HOSTNAME)], [before.id, before.programs, before.actions.length, paid]);
    await noChanges();
  });
});

describe("firewall and reverse DNS, where the stack asks for them", () => {
  it("are made, found unchanged, and repaired when somebody else changes them", async () => {
    await succeeds(world.upWith(USER, { firewall: "true", ptr: "true" }));
    await noChanges();
    const { firewalls, vms } = world.sandbox.state();
    assert.deepEqual(firewalls.map(({ name, rules, synced }) => [name, synced, ...rules.map(({ port }) => port)]), [[HOSTNAME, true, String(world.sandbox.sshPort), "80", "443"]]);
    assert.equal(vms[0]?.id, vm().id);

    const headers = { authorization: `Bearer ${world.sandbox.hostingerToken}` };
    const rule = firewalls[0]!.rules[2]!;
    await fetch(`${world.sandbox.hostingerUrl}/api/vps/v1/firewall/${firewalls[0]!.id}/rules/${rule.id}`, { method: "DELETE", headers });
    const drift = await world.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", USER);
    assert.notEqual(drift.code, 0);
    assert.match(drift.text, /HostingerFirewall firewall/);
    await succeeds(world.pulumi("up", "--yes", "--skip-preview", "--refresh", "--stack", USER));
    await noChanges();
  });

  it("go with the stack's settings, without a trace at Hostinger", async () => {
    await succeeds(world.upWith(USER, { firewall: "false", ptr: "false" }));
    assert.deepEqual(world.sandbox.state().firewalls, []);
  });
});

describe("the SSH server's key", () => {
  it("is pinned: what answers with another one, after a wipe by somebody else, gets neither password nor release", async () => {
    const { id, actions } = vm();
    const headers = { authorization: `Bearer ${world.sandbox.hostingerToken}`, "content-type": "application/json" };
    const { password } = (await world.outputs(USER)) as { password: string };
    await fetch(`${world.sandbox.hostingerUrl}/api/vps/v1/virtual-machines/${id}/recreate`, { method: "POST", headers, body: JSON.stringify({ template_id: 1007, password }) });
    await until("the wipe", () => vm().state === "running" && vm().actions.length > actions.length && vm().actions.every(({ state }) => state === "success"));
    await publish("3.0.0");
    const { code, text } = await release("3.0.0");
    assert.notEqual(code, 0);
    assert.match(text, /SSH_HOST_KEY_WRONG: The SSH server at 127\.77\.0\.1 .* has another key than the pinned one/);
    assert.deepEqual(vm().programs, {});
  });
});
