import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { loadEnvironment, readSettings } from "../../src/config/index.ts";
import { runCli, runJson, temporaryFolder } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";

const OURS = { HOSTINGER_API_KEY: "fake-key", CLOUDFLARE_API_TOKEN: "fake-token", CLOUDFLARE_ZONE_ID: "fake-zone", CONDUCTOR_URL: "https://downloads.example.com/c", CLI_URL: "https://downloads.example.com/s" };

describe("user-vps init", () => {
  it("writes a .env for its owner alone, which with what it names as missing is complete", async () => {
    const cwd = temporaryFolder();
    const { missing } = await runJson<{ missing: string[] }>(["init"], { cwd });
    assert.deepEqual(missing.toSorted(), Object.keys(OURS).toSorted());
    assert.equal(statSync(join(cwd, ".env")).mode & 0o777, 0o600);
    const settings = readSettings({ env: loadEnvironment(OURS, cwd), role: "all" });
    assert.equal(Buffer.byteLength(settings.jwtSecret!), 43);
    assert.equal(settings.credentialsKeys!.length, 1);
  });

  it("names nothing as missing that the environment has, as with the sandbox", async () => {
    const { HOSTINGER_API_KEY, CLOUDFLARE_API_TOKEN, ...left } = OURS;
    const { missing } = await runJson<{ missing: string[] }>(["init"], { cwd: temporaryFolder(), env: { HOSTINGER_API_KEY, CLOUDFLARE_API_TOKEN } });
    assert.deepEqual(missing.toSorted(), Object.keys(left).toSorted());
    assert.match((await runCli(["init"], { cwd: temporaryFolder(), env: OURS })).stdout, /Nothing has to be filled in/);
  });

  it("makes other secrets each time, and shows none of them", async () => {
    const folders = [temporaryFolder(), temporaryFolder()];
    const secrets: string[] = [];
    const keyIds = new Set<string>();
    for (const cwd of folders) {
      const { stdout, stderr } = await runCli(["init"], { cwd });
      for (const name of ["PULUMI_CONFIG_PASSPHRASE", "JWT_SECRET", "CREDENTIALS_KEYS"]) {
        const [, value] = new RegExp(`^${name}='(.+)'$`, "m").exec(readFileSync(join(cwd, ".env"), "utf8")) ?? [];
        assert.ok(value && !(stdout + stderr).includes(value), name);
        secrets.push(value);
        if (name === "CREDENTIALS_KEYS") keyIds.add(value.split(":")[0]!);
      }
    }
    assert.equal(new Set(secrets).size, 6);
    assert.equal(keyIds.size, 2, "what one key has sealed is not taken for another's by its id");
  });

  it("leaves a file alone that is there", async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, ".env"), "JWT_SECRET=mine\n");
    assert.equal((await runJson<ErrorDocument>(["init"], { cwd, code: 2 })).error.code, "INPUT_INVALID");
    assert.equal(readFileSync(join(cwd, ".env"), "utf8"), "JWT_SECRET=mine\n");
  });

  it("says where it cannot write", async () => {
    const { error } = await runJson<ErrorDocument>(["init"], { cwd: "/proc", code: 2 });
    assert.equal(error.code, "INPUT_INVALID");
    assert.match(error.message, /\/proc\/\.env cannot be written: ENOENT/);
  });

  it("--split: writes a file for each role, for its owner alone, and anew after a change", async () => {
    const cwd = temporaryFolder();
    assert.equal((await runJson<ErrorDocument>(["init", "--split"], { cwd, code: 2 })).error.code, "INPUT_INVALID");
    for (const domain of ["example.com", "example.org"]) {
      writeFileSync(join(cwd, ".env"), `JWT_SECRET=fake\nHOSTINGER_API_KEY=fake\nVPS_DOMAIN=${domain}\n`);
      await runJson(["init", "--split"], { cwd });
      const [http, worker] = ["http.env", "worker.env"].map((name) => readFileSync(join(cwd, name), "utf8"));
      assert.match(http!, new RegExp(`^#.*\nJWT_SECRET='fake'\nVPS_DOMAIN='${domain}'\n$`));
      assert.match(worker!, new RegExp(`^#.*\nHOSTINGER_API_KEY='fake'\nVPS_DOMAIN='${domain}'\n$`));
    }
    for (const name of ["http.env", "worker.env"]) assert.equal(statSync(join(cwd, name)).mode & 0o777, 0o600);
  });

  it("--split: says what in .env looks like a setting and is none", async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, ".env"), "MAX_PRICE_CENT='2000'\n");
    assert.match((await runCli(["init", "--split"], { cwd })).stdout, /line 1: MAX_PRICE_CENT is no setting; is MAX_PRICE_CENTS meant\?/);
  });
});
