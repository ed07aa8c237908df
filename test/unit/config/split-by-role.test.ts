import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { parseEnvFile } from "../../../src/config/env-file.ts";
import { readSettings } from "../../../src/config/settings.ts";
import { splitByRole } from "../../../src/config/split-by-role.ts";
import { KEY_SERVICE_SECRETS, VARIABLES } from "../../../src/config/variables.ts";
import type { Variable } from "../../../src/config/variables.ts";

/** Stand in place of something else; of what is left, those with a whole example are taken. */
const REPLACED = ["PULUMI_CONFIG_PASSPHRASE_FILE", "SECRETS_PROVIDER", "HOSTINGER_API_KEY_FILE", "JWT_JWKS_URL", "NOTIFICATION_TARGETS_FILE"];
const variables = Object.values<Variable<unknown>>(VARIABLES).filter(({ name, example }) => !REPLACED.includes(name) && !example.includes("…"));
const all = `${variables.map(({ name, example }) => `${name}='${example}'`).join("\n")}\n`;
const { http, worker } = splitByRole(all);

describe("splitByRole", () => {
  it("gives http a file with which it starts, though it refuses what only workers need", () => {
    assert.equal(readSettings({ env: { ...parseEnvFile(http), REFUSE_SPARE_SECRETS: "true" }, role: "http" }).jwtSecret, VARIABLES.jwtSecret.example);
    for (const name of ["HOSTINGER_API_KEY", "CLOUDFLARE_API_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "NOTIFICATION_TARGETS"]) assert.equal(parseEnvFile(http)[name], undefined, name);
  });

  it("gives workers a file with which they start, without the secrets of whoever faces the network", () => {
    assert.equal(readSettings({ env: parseEnvFile(worker), role: "worker" }).hostingerApiKey, VARIABLES.hostingerApiKey.example);
    for (const name of ["JWT_SECRET", "OIDC_CLIENT_SECRET", "METRICS_TOKEN"]) assert.equal(parseEnvFile(worker)[name], undefined, name);
  });

  it("loses nothing: each variable is in one of the two, with its value", () => {
    for (const { name, example } of variables) assert.equal(parseEnvFile(http)[name] ?? parseEnvFile(worker)[name], example, name);
  });

  it("gives what reaches the key service to workers alone", () => {
    const split = splitByRole(KEY_SERVICE_SECRETS.map((name) => `${name}='fake-${name}'\n`).join(""));
    assert.deepEqual(parseEnvFile(split.http), {});
    assert.deepEqual(Object.keys(parseEnvFile(split.worker)).sort(), [...KEY_SERVICE_SECRETS].sort());
  });

  it("gives nobody an operator's token, nor what else is for commands and compose", () => {
    const split = splitByRole("USER_VPS_TOKEN='fake-token'\nPULUMI_BACKEND_URL='postgres://a:fake@127.0.0.1/b'\nPOSTGRES_PASSWORD='fake-password'\nPORT='8080'\n");
    assert.deepEqual([split.http, split.worker].map(parseEnvFile), [{ PORT: "8080" }, { PORT: "8080" }]);
  });

  it("leaves out what is empty", () => {
    assert.deepEqual(parseEnvFile(splitByRole("VPS_DOMAIN=\nPORT=8080\n").http), { PORT: "8080" });
  });

  it("refuses a value that systemd or Docker would read differently, without repeating it", () => {
    assert.throws(() => splitByRole("PULUMI_CONFIG_PASSPHRASE=abc#def\n"), (error: Error) => /line 1: PULUMI_CONFIG_PASSPHRASE/.test(error.message) && !error.message.includes("abc"));
    assert.throws(() => splitByRole('SSH_PRIVATE_KEY="a\nb"\n'), { code: "CONFIG_INVALID", message: /SSH_PRIVATE_KEY/ });
  });
});
