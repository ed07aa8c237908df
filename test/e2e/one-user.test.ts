import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import ssh2 from "ssh2";
import { afterAll, beforeAll, describe, it } from "vitest";
import { CliWorld } from "../support/cli-world.ts";
import { addRecord } from "../support/fleet.ts";
import { canLogIn } from "../support/ssh-login.ts";

const { generateKeyPairSync } = ssh2.utils;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

let world: CliWorld;
let firstPassword = "";
/** As a person runs it: the engine starts program and providers itself. */
const plainPulumi = (...args: string[]) => world.start(...args, "--stack", "e2e-bob").finished;
const onlyVm = () => world.sandbox.state().vms[0]!;
beforeAll(async () => void (world = await CliWorld.open({ warm: true })));
afterAll(() => world.close());

describe("one user's stack by the plain Pulumi CLI", () => {
  let firstUp = "";

  it("goes from nothing to a healthy VPS, with one purchase", async () => {
    await world.initStack("e2e-bob");
    const { code, text } = await plainPulumi("up", "--yes", "--skip-preview");
    assert.equal(code, 0, text);
    firstUp = text;
    const outputs = await world.outputs("e2e-bob");
    assert.equal(outputs["url"], "https://e2e-bob.spoq.dev");
    assert.equal(outputs["healthy"], true);
    const { vms, records } = world.sandbox.state();
    assert.equal(vms[0]?.id, outputs["vmId"]);
    assert.deepEqual(records.map(({ name, type, content, proxied, ttl }) => ({ name, type, content, proxied, ttl })), [
      { name: "e2e-bob.spoq.dev", type: "A", content: String(outputs["address"]), proxied: false, ttl: 60 },
    ]);
    assert.equal(world.purchasesOf("e2e-bob.spoq.dev"), 1);
    // The purchase's record has gone, for the state holds the VM.
    assert.deepEqual(world.sandbox.state().scripts.map((script) => script.name), ["spoq-conductor-setup e2e-bob.spoq.dev"]);
    await assertNoSecretInAccount(outputs);
  });

  it("has nothing to do a second time, and finds no drift", async () => {
    assert.match((await plainPulumi("up", "--yes", "--skip-preview")).text, /8 unchanged/);
    const preview = await plainPulumi("preview", "--refresh", "--expect-no-changes");
    assert.equal(preview.code, 0, preview.text);
  });

  it("keeps every secret out of the state and of what a run prints", async () => {
    const { password, jwtSecret } = (await world.outputs("e2e-bob")) as { password: string; jwtSecret: string };
    firstPassword = password;
    assert.match(password, /^.{24,}$/);
    assert.match(jwtSecret, /^.{32,}$/);
    const refreshed = await world.ok("refresh", "--yes", "--stack", "e2e-bob");
    const detailed = await world.ok("up", "--yes", "--stack", "e2e-bob", "--diff", "--show-sames");
    const places = { "state": await world.ok("stack", "export", "--stack", "e2e-bob"), "first up": firstUp, "refresh": refreshed, "detailed up": detailed };
    const secrets = {
      "password": password, "JWT secret": jwtSecret, "script content": "chpasswd",
      "Hostinger token": world.sandbox.hostingerToken, "Cloudflare token": world.sandbox.cloudflareToken, "passphrase": String(world.env["PULUMI_CONFIG_PASSPHRASE"]),
    };
    for (const [place, text] of Object.entries(places)) {
      for (const [secret, value] of Object.entries(secrets)) assert.ok(!text.includes(value), `${place} holds the ${secret}`);
    }
    assert.match(places.state, /"ciphertext"/);
  });

  it("refuses, in preview, another plan, data center or template, and says how to allow it", async () => {
    const { vmId } = (await world.storedOutputs("e2e-bob")) as { vmId: number };
    for (const [setting, value, allowance] of [["plan", "hostingercom-vps-kvm2-usd-1m", "allowReplaceOf"], ["dataCenterId", "19", "allowReplaceOf"], ["templateId", "1002", "allowRecreateOf"], ["conductorUrl", "https://downloads.example.com/other", "allowRecreateOf"]] as const) {
      await world.ok("config", "set", setting, value, "--stack", "e2e-bob");
      const { code, text } = await world.pulumi("preview", "--stack", "e2e-bob");
      await world.ok("config", "rm", setting, "--stack", "e2e-bob");
      assert.notEqual(code, 0);
      assert.match(text, new RegExp(`CHANGE_REFUSED: .*${allowance} ${vmId}`));
    }
    assert.equal(world.purchasesOf("e2e-bob.spoq.dev"), 1);
  });

  it("names all that is wrong with its settings at once", async () => {
    await world.newStack("e2e-wrong", { templateId: "ubuntu", conductorUrl: "ftp://x", protect: "yes" });
    const { code, text } = await world.pulumi("preview", "--stack", "e2e-wrong");
    assert.notEqual(code, 0);
    assert.match(text, /CONFIG_INVALID: 3 settings/);
    for (const name of ["templateId", "conductorUrl", "protect"]) assert.ok(text.includes(`- ${name}`), name);
    assert.ok(!text.includes("    at "), "no stack trace for a mistake in the settings");
  });

  it("refuses a reserved user name", async () => {
    await world.newStack("e2e-admin", { username: "admin" });
    assert.match((await world.pulumi("preview", "--stack", "e2e-admin")).text, /USERNAME_INVALID/);
  });

  it("does not destroy a protected VPS; unprotected, it stops the VM, ends its renewal and removes the rest", async () => {
    const refused = await world.pulumi("destroy", "--yes", "--stack", "e2e-bob");
    assert.notEqual(refused.code, 0);
    assert.match(refused.text, /protected/);
    const ignored = await world.pulumi("destroy", "--yes", "--ignore-protect", "--stack", "e2e-bob");
    assert.notEqual(ignored.code, 0);
    assert.equal(world.sandbox.state().vms[0]?.state, "running");
    assert.equal((await world.upWith("e2e-bob", { protect: "false" })).code, 0);
    assert.match(await world.ok("destroy", "--yes", "--skip-preview", "--stack", "e2e-bob"), /stays paid until \d{4}-\d\d-\d\d/);
    const { vms, records, scripts } = world.sandbox.state();
    assert.deepEqual(vms.map(({ state, autoRenewed }) => ({ state, autoRenewed })), [{ state: "stopped", autoRenewed: false }]);
    assert.deepEqual([records, scripts], [[], []]);
  });

  it("takes the given-up VM over by its id, with credentials that are in force on the machine before it is healthy", async () => {
    const { id, credentials: before } = onlyVm();
    const refused = await world.up("e2e-bob");
    assert.notEqual(refused.code, 0);
    assert.match(refused.text, new RegExp(`VM_NOT_OURS: .*importVmId ${id}`));
    const { code, text } = await world.upWith("e2e-bob", { importVmId: String(id), ownerId: "user_bob" });
    assert.equal(code, 0, text);
    assert.equal(world.purchasesOf("e2e-bob.spoq.dev"), 1);
    const outputs = await world.outputs("e2e-bob") as { address: string; password: string; jwtSecret: string };
    const { state, autoRenewed, credentials, health } = onlyVm();
    assert.deepEqual([state, autoRenewed, health?.healthStatus, credentials?.ownerId, credentials?.jwtSecretSha256], ["running", true, 200, "user_bob", sha256(outputs.jwtSecret)]);
    assert.notDeepEqual(credentials, before);
    for (const username of ["root", "spoq"] as const) {
      assert.ok(await canLogIn(outputs.address, world.sandbox.sshPort, username, outputs.password), `${username} logs in with the password that is shown`);
      assert.equal(await canLogIn(outputs.address, world.sandbox.sshPort, username, firstPassword), false, `${username}'s old password is refused`);
    }
    await assertNoSecretInAccount(outputs);
    const preview = await world.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "e2e-bob");
    assert.equal(preview.code, 0, preview.text);
  });

  it("installs it anew with the whole script, which leaves the account again", async () => {
    const { id } = onlyVm();
    const { code, text } = await world.upWith("e2e-bob", { recreation: "1", allowRecreateOf: String(id) });
    assert.equal(code, 0, text);
    await world.ok("config", "rm", "allowRecreateOf", "--stack", "e2e-bob");
    const outputs = await world.outputs("e2e-bob") as { address: string; password: string; jwtSecret: string };
    const { actions, health, credentials } = onlyVm();
    assert.deepEqual([actions.filter(({ name }) => name === "recreate").length, health?.healthStatus, credentials?.jwtSecretSha256], [1, 200, sha256(outputs.jwtSecret)]);
    await assertNoSecretInAccount(outputs);
    const preview = await world.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "e2e-bob");
    assert.equal(preview.code, 0, preview.text);
  });

  it("has the health check log in to the server alone whose key the stack has pinned", async () => {
    const [pinned, health] = [await resourceOf("SshHostKey"), await resourceOf("HealthCheck")];
    const wayIn = JSON.parse((health.inputs["wayIn"] as { plaintext: string }).plaintext) as { hostKey?: string };
    assert.match(String(pinned.outputs["hostKey"]), /^ecdsa-/);
    assert.equal(wayIn.hostKey, pinned.outputs["hostKey"]);
  });

  it("wipes nothing, makes no other credentials and asks for no key anew where a wipe and a rotation are taken out of the settings again", async () => {
    assert.equal((await world.upWith("e2e-bob", { credentialRotation: "1" })).code, 0);
    const before: Record<string, unknown> = { ...await world.outputs("e2e-bob"), key: (await resourceOf("SshHostKey")).id };
    for (const setting of ["recreation", "credentialRotation"]) await world.ok("config", "rm", setting, "--stack", "e2e-bob");
    const { code, text } = await world.up("e2e-bob");
    assert.equal(code, 0, text);
    assert.deepEqual({ ...await world.outputs("e2e-bob"), key: (await resourceOf("SshHostKey")).id }, before);
    assert.doesNotMatch(text, /(VirtualMachine|Credentials|SshHostKey) .*(updated|replaced)/);
    assert.ok(await canLogIn(String(before["address"]), world.sandbox.sshPort, "spoq", String(before["password"])));
    const preview = await world.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "e2e-bob");
    assert.equal(preview.code, 0, preview.text);
  });

  it("is not 'healthy' with credentials that do not work: where there is no way in, it says what to do", async () => {
    await world.newStack("e2e-key", { importVmId: String(onlyVm().id) });
    world.env["SSH_PRIVATE_KEY"] = generateKeyPairSync("ecdsa", { bits: 256 }).private;
    const { code, text } = await world.up("e2e-key").finally(() => delete world.env["SSH_PRIVATE_KEY"]);
    assert.notEqual(code, 0);
    assert.match(text, /SSH_LOGIN_REFUSED: The VM at \S+ was taken over, .* Next: Set sshPrivateKey \(SSH_PRIVATE_KEY\) to a key that root of this VM accepts/);
    assert.ok(!("healthy" in (await world.storedOutputs("e2e-key"))), "it is not called healthy");
  });

  it("does not buy a VM for a name that somebody uses already, nor in a zone that the domain is not of", async () => {
    const bought = world.sandbox.state().purchases.length;
    await addRecord(world.sandbox, "e2e-zoe.spoq.dev", "127.9.9.9");
    await world.newStack("e2e-zoe");
    assert.match((await world.up("e2e-zoe")).text, /NAME_IN_USE: The name e2e-zoe\.spoq\.dev is in use already: the zone holds A 127\.9\.9\.9/);
    await world.newStack("e2e-other", { domain: "other.dev" });
    assert.match((await world.up("e2e-other")).text, /CONFIG_INVALID: e2e-other\.other\.dev is not a name of the zone/);
    assert.equal(world.sandbox.state().purchases.length, bought);
  });
});

async function resourceOf(type: string): Promise<{ id: string; inputs: Record<string, unknown>; outputs: Record<string, unknown> }> {
  const { deployment } = JSON.parse(await world.ok("stack", "export", "--show-secrets", "--stack", "e2e-bob")) as { deployment: { resources: { type: string; id: string; inputs: Record<string, unknown>; outputs: Record<string, unknown> }[] } };
  return deployment.resources.find((resource) => resource.type.endsWith(`:${type}`)) ?? assert.fail(`the stack has no ${type}`);
}

async function assertNoSecretInAccount(outputs: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await fetch(`${world.sandbox.hostingerUrl}/api/vps/v1/post-install-scripts`, { headers: { authorization: `Bearer ${world.sandbox.hostingerToken}` } });
  const text = await answer.text();
  assert.match(text, /is a stub/);
  for (const secret of ["password", "jwtSecret"]) assert.ok(!text.includes(String(outputs[secret])), `the account holds the ${secret}`);
}
