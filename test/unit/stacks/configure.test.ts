import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "vitest";
import { configureOrder } from "../../../src/sandbox/vm/configure-script.ts";
import { releaseOrder } from "../../../src/sandbox/vm/release-script.ts";
import { readStackConfig } from "../../../stacks/stack-settings.ts";
import { isInstalledWithThese, renderConfigureScript } from "../../../stacks/configure.ts";
import { renderReleaseScript } from "../../../stacks/release.ts";

const VALUES = { hostname: "alicia.spoq.dev", bootHostname: "alice.spoq.dev", sshPassword: "fake-Password-2", ownerId: "user_alice", jwtSecret: "fake-jwt-secret-2", isInstalledWithThese: false };

describe("the script for new credentials and another host name", () => {
  it("is one that bash can read, without a placeholder left", () => {
    const script = renderConfigureScript(VALUES);
    assert.doesNotMatch(script, /__[A-Z_]+__/);
    const { status, stderr } = spawnSync("bash", ["-n"], { input: script });
    assert.deepEqual([status, stderr.toString()], [0, ""]);
  });

  for (const [variable, change] of [["SSH_PASSWORD", { sshPassword: "fake\nsecret" }], ["JWT_SECRET", { jwtSecret: "" }], ["OWNER_ID", { ownerId: "user\nsecret" }], ["HOSTNAME", { hostname: "alice" }], ["BOOT_HOSTNAME", { bootHostname: "a b.c" }]] as const) {
    it(`refuses a ${variable} that cannot stand in it, and does not quote it`, () => {
      assert.throws(() => renderConfigureScript({ ...VALUES, ...change }), (error: Error) => error.message.startsWith(`SCRIPT_VALUE_UNREPRESENTABLE: ${variable} `) && !error.message.includes("secret"));
    });
  }
});

describe("a VPS's credentials", () => {
  for (const [what, config, expected] of [
    ["are those of its first boot where it was bought", {}, true],
    ["are so where a wiped VM was installed anew", { importVmId: 7, importWiped: true }, true],
    ["are others after a rotation", { credentialRotation: "2" }, false],
    ["are others on a VM that somebody had before", { importVmId: 7, importWiped: false }, false],
  ] as const) {
    it(what, () => {
      const settings: Record<string, string> = { username: "alice", zoneId: "fake-zone", conductorUrl: "https://downloads.example.com/c", cliUrl: "https://downloads.example.com/s", ...Object.fromEntries(Object.entries(config).map(([name, value]) => [name, String(value)])) };
      assert.equal(isInstalledWithThese(readStackConfig({ config: (key) => settings[key], env: {} })), expected);
    });
  }
});

describe("what the sandbox reads out of it", () => {
  it("is host names, hashes of the credentials and what is restarted", () => {
    const order = configureOrder(renderConfigureScript(VALUES));
    assert.deepEqual([order?.hostname, order?.bootHostname, order?.setsPassword, order?.restartsConductor, order?.restartsCaddy], ["alicia.spoq.dev", "alice.spoq.dev", true, true, true]);
    assert.match(order?.credentials.passwordSha256 ?? "", /^[0-9a-f]{64}$/);
    assert.equal(order?.credentials.ownerId, "user_alice");
    assert.notEqual(order?.credentials.passwordSha256, order?.credentials.jwtSecretSha256);
  });

  for (const [what, pattern, property] of [["a password", /chpasswd/g, "setsPassword"], ["a restart of Conductor", /restart_if_changed conductor/g, "restartsConductor"], ["a restart of Caddy", /restart_if_changed caddy/g, "restartsCaddy"]] as const) {
    it(`misses ${what} where there is none`, () => {
      assert.equal(configureOrder(renderConfigureScript(VALUES).replaceAll(pattern, "true"))?.[property], false);
    });
  }

  it("is nothing for a release, and a release is nothing in it", () => {
    assert.equal(configureOrder(renderReleaseScript({ version: "1", cli: { url: "https://downloads.example.com/spoq", sha256: "ab".repeat(32) } })), undefined);
    assert.equal(releaseOrder(renderConfigureScript(VALUES)), undefined);
  });
});

describe("a stack's host name", () => {
  const config = (settings: Record<string, string>) => {
    const all: Record<string, string> = { username: "alice", zoneId: "fake-zone", conductorUrl: "https://downloads.example.com/c", cliUrl: "https://downloads.example.com/s", ...settings };
    return readStackConfig({ config: (key) => all[key], env: {} });
  };
  it("may be another one under the domain", () => {
    assert.equal(config({ hostname: "alicia.spoq.dev" }).hostname, "alicia.spoq.dev");
    assert.equal(config({ hostname: "alice.spoq.app", domain: "spoq.app" }).hostname, "alice.spoq.app");
  });
  for (const hostname of ["alicia.spoq.app", "spoq.dev", "xspoq.dev", "Alicia.spoq.dev"]) {
    it(`is refused as ${hostname}`, () => assert.throws(() => config({ hostname }), /CONFIG_INVALID.*hostname/s));
  }
});
