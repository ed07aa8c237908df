import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { hostingerSettings } from "../../../providers/hostinger/settings.ts";

const NO_CONFIG = { get: () => undefined };

describe("the providers' settings", () => {
  it("say what is missing and where to get on without it, when there is no key", () => {
    assert.throws(() => hostingerSettings(NO_CONFIG, {}), /CONFIG_INVALID: There is no Hostinger API key.*HOSTINGER_API_KEY.*npm run demo/);
  });

  it("take the stack's configuration before the environment", () => {
    const config: Record<string, string> = { "hostinger:apiKey": "fake-configured", "hostinger:baseUrl": "http://127.0.0.1:1" };
    const { apiKey, baseUrl } = hostingerSettings({ get: (key) => config[key] }, { HOSTINGER_API_KEY: "fake-environment", HOSTINGER_API_BASE_URL: "http://127.0.0.1:2" });
    assert.deepEqual([apiKey, baseUrl], ["fake-configured", "http://127.0.0.1:1"]);
  });

  it("read the key from a file", () => {
    const folder = mkdtempSync(join(tmpdir(), "user-vps-"));
    writeFileSync(join(folder, "key"), "fake-from-file\n");
    assert.equal(hostingerSettings(NO_CONFIG, { HOSTINGER_API_KEY_FILE: join(folder, "key") }).apiKey, "fake-from-file");
    rmSync(folder, { recursive: true });
  });

  it("take white space off a key, wherever it comes from, and refuse what cannot be one, without showing it", () => {
    assert.equal(hostingerSettings(NO_CONFIG, { HOSTINGER_API_KEY: " fake-key\r\n" }).apiKey, "fake-key");
    assert.equal(hostingerSettings({ get: (key) => (key === "hostinger:apiKey" ? "fake-key\n" : undefined) }, {}).apiKey, "fake-key");
    for (const key of ["fake\nkey", "fake key", " \n"]) {
      assert.throws(() => hostingerSettings(NO_CONFIG, { HOSTINGER_API_KEY: key }), (error: Error) => /CONFIG_INVALID: HOSTINGER_API_KEY/.test(error.message) && !error.message.includes("fake"));
    }
  });

  it("speak to Hostinger itself unless told otherwise", () => {
    assert.equal(hostingerSettings(NO_CONFIG, { HOSTINGER_API_KEY: "fake" }).baseUrl, "https://developers.hostinger.com");
    assert.equal(hostingerSettings(NO_CONFIG, { HOSTINGER_API_KEY: "fake", HOSTINGER_API_BASE_URL: "" }).baseUrl, "https://developers.hostinger.com");
  });

  it("name the setting of a file that cannot be read", () => {
    for (const [file, code] of [["/none/key", "ENOENT"], [tmpdir(), "EISDIR"]] as const) {
      assert.throws(() => hostingerSettings(NO_CONFIG, { HOSTINGER_API_KEY_FILE: file }), new RegExp(`CONFIG_INVALID: HOSTINGER_API_KEY_FILE: the file ${file} cannot be read: ${code}`));
    }
  });

  for (const text of ["soon", "0", "-5", "Infinity", "9999999"]) {
    it(`refuse '${text}' as a number of seconds, by name`, () => {
      assert.throws(() => hostingerSettings(NO_CONFIG, { HOSTINGER_API_KEY: "fake", HOSTINGER_PURCHASE_TIMEOUT_SECONDS: text }), /HOSTINGER_PURCHASE_TIMEOUT_SECONDS/);
    });
  }
});
