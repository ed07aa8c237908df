import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { readCaddyfile } from "../../../src/sandbox/vm/caddyfile.ts";
import { caddyOptions } from "../../../stacks/acme.ts";
import { readStackConfig } from "../../../stacks/stack-settings.ts";
import { openPorts } from "../../../stacks/open-ports.ts";
import { renderPostInstallScript } from "../../../stacks/post-install.ts";
import { ORDINARY } from "../../support/post-install-values.ts";

const ALL = { acmeEmail: "ops@example.com", acmeCa: "https://acme.zerossl.com/v2/DV90", acmeEabKeyId: "fake-id", acmeEabMacKey: "fake-mac-key" };

function config(settings: Record<string, string>, env: Record<string, string> = {}) {
  const all: Record<string, string> = { username: "alice", zoneId: "fake-zone", conductorUrl: "https://downloads.example.com/c", cliUrl: "https://downloads.example.com/s", ...settings };
  return readStackConfig({ config: (key) => all[key], env });
}

describe("a stack's certificate authority", () => {
  it("is Caddy's own choice unless something is set", () => {
    assert.equal(caddyOptions(config({})), "");
  });

  it("comes from settings or environment into the global options of the Caddyfile, from which the site is still read", () => {
    const fromEnvironment = config({}, { ACME_EMAIL: ALL.acmeEmail, ACME_CA: ALL.acmeCa, ACME_EAB_KEY_ID: ALL.acmeEabKeyId, ACME_EAB_MAC_KEY: ALL.acmeEabMacKey });
    assert.equal(caddyOptions(fromEnvironment), caddyOptions(config(ALL)));
    assert.deepEqual(readCaddyfile(`${caddyOptions(ALL)}alice.spoq.dev {\n    reverse_proxy localhost:8080\n}\n`), { siteAddress: "alice.spoq.dev", upstreamPort: 8080 });
  });

  for (const [what, settings] of Object.entries({
    "half of an account": { acmeCa: ALL.acmeCa, acmeEabKeyId: "fake-id" },
    "an account without its authority": { acmeEabKeyId: "fake-id", acmeEabMacKey: "fake-mac-key" },
    "an e-mail that would be more than one word": { acmeEmail: "ops@example.com\n}" },
    "an authority without TLS": { acmeCa: "http://acme.example.com" },
    "a key that would end its line": { ...ALL, acmeEabMacKey: "fake } key" },
  })) {
    it(`refuses ${what}, without repeating the key`, () => assert.throws(() => config(settings), (error: Error) => /CONFIG_INVALID.*acme/s.test(error.message) && !error.message.includes("fake }")));
  }

  it("cannot put into the script what Caddy would read otherwise", () => {
    assert.throws(() => renderPostInstallScript({ ...ORDINARY, acme: { acmeEmail: "a b" } }), /SCRIPT_VALUE_UNREPRESENTABLE: acmeEmail/);
  });
});

describe("openPorts", () => {
  it("follows the SSH port that is configured", () => {
    assert.deepEqual(openPorts(config({})), ["22", "80", "443"]);
    assert.deepEqual(openPorts(config({ sshPort: "2222" })), ["2222", "80", "443"]);
    assert.deepEqual(openPorts(config({ sshPort: "443" })), ["443", "80"]);
  });
});
