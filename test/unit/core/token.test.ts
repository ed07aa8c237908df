import assert from "node:assert/strict";
import { describe, it } from "vitest";

import { tokenFrom } from "../../../providers/core/token.ts";
import { readSettings, VARIABLES } from "../../../src/config/index.ts";
import { operatorToken } from "../../../src/cli/service-client/operator-token.ts";
import { engineVariables } from "../../../src/service/engine-variables.ts";
import { readStackConfig } from "../../../stacks/stack-settings.ts";

const BROKEN = "fake-first-half\nfake-second-half";
const isRefusal = (error: Error) => /CONFIG_INVALID/.test(error.message) && !error.message.includes("half");

describe("a token", () => {
  it("loses the white space at its ends, and is refused with any within", () => {
    assert.equal(tokenFrom(" fake-token\r\n", "X"), "fake-token");
    for (const text of ["", "\n", BROKEN, "fake token", "fäke"]) assert.throws(() => tokenFrom(text, "X"), /CONFIG_INVALID: X /);
  });

  it("of the service is trimmed, for the engine too, or refused by name", () => {
    const names = [VARIABLES.hostingerApiKey.name, VARIABLES.cloudflareApiToken.name];
    const required = (value: string) => Object.fromEntries([...Object.values(VARIABLES).map(({ name, example }) => [name, example]), ...names.map((name) => [name, value])]);
    const settled = (value: string) => readSettings({ role: "worker", env: { ...required(value), SSH_PUBLIC_KEY: "", SSH_PRIVATE_KEY: "", HOSTINGER_API_KEY_FILE: "", PULUMI_CONFIG_PASSPHRASE_FILE: "", SECRETS_PROVIDER: "", JWT_JWKS_URL: "" } });
    const { hostingerApiKey, cloudflareApiToken } = settled("fake-token\n");
    assert.deepEqual([hostingerApiKey, cloudflareApiToken], ["fake-token", "fake-token"]);
    assert.throws(() => settled(BROKEN), (error: Error) => isRefusal(error) && names.every((name) => error.message.includes(name)));
    assert.deepEqual(engineVariables({ CLOUDFLARE_API_TOKEN: "fake-token\n", OTHER: "kept \n" }), { CLOUDFLARE_API_TOKEN: "fake-token", OTHER: "kept \n" });
  });

  it("of an operator at the command line likewise", async () => {
    assert.equal(await operatorToken({ USER_VPS_TOKEN: "fake-token\n" }), "fake-token");
    await assert.rejects(operatorToken({ USER_VPS_TOKEN: BROKEN }), isRefusal);
  });

  it("that Cloudflare's plugin would take as it is must be whole", () => {
    const config: Record<string, string> = { username: "alice", zoneId: "z", conductorUrl: "https://downloads.example.com/a", cliUrl: "https://downloads.example.com/b" };
    const read = (token: string) => readStackConfig({ config: (key) => config[key], env: { CLOUDFLARE_API_TOKEN: token } });
    assert.equal(read("fake-token").username, "alice");
    for (const token of ["fake-token\n", BROKEN]) assert.throws(() => read(token), (error: Error) => isRefusal(error) && /CLOUDFLARE_API_TOKEN/.test(error.message));
  });
});
