import assert from "node:assert/strict";
import { describe, it } from "vitest";
import type { Settings } from "../../../src/config/index.ts";
import { engineVariables, secretsOf } from "../../../src/service/engine-variables.ts";

describe("engineVariables", () => {
  it("keeps the service's own secrets from the engine, and gives it those of the APIs", () => {
    const given = { DATABASE_URL: "postgres://x", JWT_SECRET: "s", CREDENTIALS_KEYS: "k", STATE_BACKEND_URL: "postgres://y", HOSTINGER_API_KEY: "h", CLOUDFLARE_API_TOKEN: "c" };
    assert.deepEqual(engineVariables(given), { HOSTINGER_API_KEY: "h", CLOUDFLARE_API_TOKEN: "c" });
  });
});

describe("secretsOf", () => {
  it("lists the values of the settings that are secrets, and no others", () => {
    const settings = { role: "worker", hostingerApiKey: "fake-key", domain: "spoq.dev", passphrase: "fake-passphrase" } as unknown as Settings;
    assert.deepEqual(secretsOf(settings).toSorted(), ["fake-key", "fake-passphrase"]);
  });
});
