import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { CLOSED_OFF, sandboxEnvironment, trialDataFolder } from "../../../src/cli/sandbox-env.ts";
import { namesService } from "../../../src/cli/service-client/session-file.ts";
import { loadEnvironment, readSettings } from "../../../src/config/index.ts";
import { defaultEmbeddedFolder } from "../../../src/db/embedded-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "user-vps-trial-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SANDBOX = { HOSTINGER_API_KEY: "fake-token-of-the-sandbox", CLOUDFLARE_API_TOKEN: "fake-token-of-the-sandbox", CLOUDFLARE_ZONE_ID: "zone" };

describe("a trial in the sandbox", () => {
  it("has a database of its own, each sandbox another, and none of them is a live service's", () => {
    const [here, there] = ["/here/.sandbox", "/there/.sandbox"].map(trialDataFolder);
    assert.equal(new Set([here, there, defaultEmbeddedFolder()]).size, 3);
    assert.equal(trialDataFolder("/here/.sandbox"), here);
    // As passable for PostgreSQL's user as the live one's.
    assert.equal(dirname(here!), dirname(defaultEmbeddedFolder()));
  });

  it("uses nothing of a live service that .env names", () => {
    writeFileSync(join(folder, ".env"), `
DATABASE_URL='postgres://live@db.example.com/live'
STATE_BACKEND_URL='postgres://live@db.example.com/state'
HOSTINGER_API_KEY='fake-token-of-the-live-account'
PULUMI_CONFIG_PASSPHRASE_FILE='/run/secrets/passphrase'
NOTIFICATION_TARGETS='[{"name":"chat","format":"slack","url":"https://hooks.example.com/fake"}]'
USER_VPS_URL='https://vps.example.com'
USER_VPS_TOKEN='fake-token-of-an-operator'
JWT_SECRET='${"fake-".repeat(8)}'
CREDENTIALS_KEYS='k1:${Buffer.alloc(32, 7).toString("base64")}'
`);
    const env = loadEnvironment({ ...CLOSED_OFF, ...sandboxEnvironment({ env: SANDBOX }, { env: {} }) }, folder);
    const { databaseUrl, stateBackendUrl, hostingerApiKey, notificationTargets } = readSettings({ env, role: "all" });
    assert.deepEqual({ databaseUrl, stateBackendUrl, hostingerApiKey, notificationTargets }, { databaseUrl: undefined, stateBackendUrl: undefined, hostingerApiKey: SANDBOX.HOSTINGER_API_KEY, notificationTargets: undefined });
    assert.equal(namesService({ HOME: folder, ...env }), false);
  });
});
