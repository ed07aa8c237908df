import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { readSettings } from "../../../src/config/settings.ts";
import { stackRequestOf } from "../../../src/provisioning/stack-request.ts";
import type { VpsRecord } from "../../../src/records/index.ts";
import { readStackConfig, STACK_SETTINGS } from "../../../stacks/stack-settings.ts";

const ENV = {
  DATABASE_URL: "postgres://a@127.0.0.1/b", CREDENTIALS_KEYS: `k1:${Buffer.alloc(32, 7).toString("base64")}`, HOSTINGER_API_KEY: "fake-hostinger-token-for-tests",
  CLOUDFLARE_API_TOKEN: "fake-cloudflare-token-for-tests", CLOUDFLARE_ZONE_ID: "zone", PULUMI_CONFIG_PASSPHRASE: "fake-passphrase-for-tests",
  CONDUCTOR_URL: "https://downloads.example.com/conductor", CLI_URL: "https://downloads.example.com/spoq",
};
const RECORD = { userId: "u-1", username: "alice", plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null, credentialsRotation: 1 } as VpsRecord;

const configOf = (env: Readonly<Record<string, string>> = {}) => stackRequestOf(RECORD, readSettings({ env: { ...ENV, ...env }, role: "worker" })).config;

describe("stackRequestOf", () => {
  it("names neither firewall nor PTR unless they are switched on, so that stacks that are there see no change", () => {
    const names = ["firewall", "ptr"];
    for (const env of [{}, { VPS_FIREWALL: "false", VPS_PTR: "false" }]) assert.deepEqual(Object.keys(configOf(env)).filter((key) => names.includes(key)), []);
    const of = (env: Readonly<Record<string, string>>) => names.map((name) => configOf(env)[name]);
    assert.deepEqual(of({ VPS_FIREWALL: "true" }), ["true", undefined]);
    assert.deepEqual(of({ VPS_PTR: "true" }), [undefined, "true"]);
  });

  it("gives settings that the stack's program knows and reads as they are meant", () => {
    const config = configOf({ VPS_FIREWALL: "true", VPS_PTR: "true" });
    assert.deepEqual(Object.keys(config).filter((key) => !STACK_SETTINGS.some(({ name }) => name === key)), []);
    const read = readStackConfig({ config: (key) => config[key], env: {} });
    assert.deepEqual([read.username, read.ownerId, read.firewall, read.ptr], ["alice", "u-1", true, true]);
    const without = configOf();
    assert.deepEqual([readStackConfig({ config: (key) => without[key], env: {} })].map(({ firewall, ptr }) => [firewall, ptr]), [[false, false]]);
  });
});
