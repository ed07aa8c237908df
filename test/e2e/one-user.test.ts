import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { CliWorld } from "../support/cli-world.ts";

let world: CliWorld;
beforeAll(async () => void (world = await CliWorld.open()));
afterAll(() => world.close());

describe("one user's stack by the plain Pulumi CLI", () => {
  let firstUp = "";

  it("goes from nothing to a healthy VPS, with one purchase", async () => {
    await world.newStack("e2e-bob");
    const { code, text } = await world.up("e2e-bob");
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
    assert.deepEqual(world.sandbox.state().scripts.map((script) => script.name), ["spoq-conductor-setup e2e-bob.spoq.dev"]);
  });

  it("has nothing to do a second time, and finds no drift", async () => {
    assert.match((await world.up("e2e-bob")).text, /8 unchanged/);
    const preview = await world.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "e2e-bob");
    assert.equal(preview.code, 0, preview.text);
  });

  it("keeps every secret out of the state and of what a run prints", async () => {
    const { password, jwtSecret } = (await world.outputs("e2e-bob")) as { password: string; jwtSecret: string };
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
    const { vmId } = (await world.outputs("e2e-bob")) as { vmId: number };
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
    await world.ok("config", "set", "protect", "false", "--stack", "e2e-bob");
    assert.equal((await world.up("e2e-bob")).code, 0);
    assert.match(await world.ok("destroy", "--yes", "--skip-preview", "--stack", "e2e-bob"), /stays paid until \d{4}-\d\d-\d\d/);
    const { vms, records, scripts } = world.sandbox.state();
    assert.deepEqual(vms.map(({ state, autoRenewed }) => ({ state, autoRenewed })), [{ state: "stopped", autoRenewed: false }]);
    assert.deepEqual([records, scripts], [[], []]);
  });

  it("takes the given-up VM over again instead of buying another one", async () => {
    const { code, text } = await world.up("e2e-bob");
    assert.equal(code, 0, text);
    assert.equal(world.purchasesOf("e2e-bob.spoq.dev"), 1);
    assert.deepEqual(world.sandbox.state().vms.map(({ state, autoRenewed }) => ({ state, autoRenewed })), [{ state: "running", autoRenewed: true }]);
  });
});
