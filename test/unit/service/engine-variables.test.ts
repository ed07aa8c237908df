import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { VARIABLES } from "../../../src/config/index.ts";
import type { Settings } from "../../../src/config/index.ts";
import type { Variable } from "../../../src/config/variables.ts";
import { engineVariables, secretsOf, withTokenOfNow } from "../../../src/service/engine-variables.ts";

describe("engineVariables", () => {
  it("keeps an operator's token from it, as every setting that only the service or its HTTP side needs", () => {
    const ofWorkers = new Set(Object.values<Variable<unknown>>(VARIABLES).filter(({ onlyFor }) => onlyFor).map(({ name }) => name));
    // The slots' processes send the spans of the calls of APIs themselves.
    const others = Object.values<Variable<unknown>>(VARIABLES).filter(({ name, ...variable }) => "secret" in variable && !ofWorkers.has(name) && !name.startsWith("OTEL_")).map(({ name }) => name);
    assert.ok(others.includes("JWT_SECRET"));
    assert.deepEqual(engineVariables(Object.fromEntries(["USER_VPS_TOKEN", ...others].map((name) => [name, "fake-secret"]))), {});
  });

  it("leaves out what is empty: the engine would take an empty passphrase before the one in a file", () => {
    assert.deepEqual(engineVariables({ PULUMI_CONFIG_PASSPHRASE: "", PULUMI_CONFIG_PASSPHRASE_FILE: "/run/secrets/passphrase" }), { PULUMI_CONFIG_PASSPHRASE_FILE: "/run/secrets/passphrase" });
  });

  it("keeps the service's own secrets from the engine, and gives it those of the APIs", () => {
    const given = { DATABASE_URL: "postgres://x", JWT_SECRET: "s", CREDENTIALS_KEYS: "k", STATE_BACKEND_URL: "postgres://y", HOSTINGER_API_KEY: "h", CLOUDFLARE_API_TOKEN: "c" };
    assert.deepEqual(engineVariables(given), { HOSTINGER_API_KEY: "h", CLOUDFLARE_API_TOKEN: "c" });
  });
});

describe("withTokenOfNow", () => {
  it("has what the token's file holds now, whatever it holds later", () => {
    const folder = mkdtempSync(join(tmpdir(), "user-vps-token-"));
    const file = join(folder, "key");
    try {
      writeFileSync(file, "fake-token-of-now\n");
      const env = withTokenOfNow({ HOSTINGER_API_KEY_FILE: file, OTHER: "kept" });
      writeFileSync(file, "fake-token-of-another-account\n");
      assert.deepEqual(engineVariables(env), { HOSTINGER_API_KEY: "fake-token-of-now", HOSTINGER_API_KEY_FILE: undefined, OTHER: "kept" });
      assert.deepEqual(withTokenOfNow({ HOSTINGER_API_KEY: "fake-token", HOSTINGER_API_KEY_FILE: file }), { HOSTINGER_API_KEY: "fake-token", HOSTINGER_API_KEY_FILE: file }, "the token itself comes first");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("refuses a file that cannot be read", () => {
    assert.throws(() => withTokenOfNow({ HOSTINGER_API_KEY_FILE: "/none/api-key" }), /CONFIG_INVALID: HOSTINGER_API_KEY_FILE: the file \/none\/api-key cannot be read/);
  });
});

describe("secretsOf", () => {
  it("lists the values of the settings that are secrets, and no others", () => {
    const settings = { role: "worker", hostingerApiKey: "fake-key", domain: "spoq.dev", passphrase: "fake-passphrase" } as unknown as Settings;
    assert.deepEqual(secretsOf(settings).toSorted(), ["fake-key", "fake-passphrase"]);
  });
});
