import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "vitest";
import { scriptOutcome } from "../../../src/sandbox/vm/script-outcome.ts";
import { renderPostInstallScript } from "../../../stacks/post-install.ts";

const TEMPLATE = readFileSync(new URL("specification-script.sh", import.meta.url), "utf8");
const HOSTILE = `p'a"s$s\`w\\o$(rd) é✓ # ; & | < > { } !`;

function filled(values: { HOSTNAME?: string; JWT_SECRET?: string; OWNER_ID?: string } = {}): string {
  const all: Record<string, string> = { HOSTNAME: "alice.spoq.dev", ...values };
  return TEMPLATE.replaceAll(/"__([A-Z_]+)__"/g, (_all, name: string) => `"${all[name] ?? "value"}"`);
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

describe("scriptOutcome", () => {
  it("finds nothing missing in the specification's script once it is filled in", () => {
    assert.deepEqual(scriptOutcome(filled()), {
      siteAddress: "alice.spoq.dev",
      conductorConfigured: true, caddyConfigured: true,
      conductorStarted: true, caddyStarted: true,
      conductorEnabled: true, caddyEnabled: true,
      reasons: [],
    });
  });

  it("reads the project's own script, for ordinary and for hostile values", () => {
    for (const value of ["ordinary", HOSTILE]) {
      const script = renderPostInstallScript({
        sshPassword: value, ownerId: value, jwtSecret: value, hostname: "bob.spoq.dev",
        conductorUrl: "https://downloads.spoq.dev/conductor", cliUrl: "https://downloads.spoq.dev/spoq",
      });
      const outcome = scriptOutcome(script);
      assert.deepEqual([outcome.siteAddress, outcome.reasons], ["bob.spoq.dev", []]);
      assert.ok(outcome.conductorEnabled && outcome.caddyEnabled);
    }
  });

  it("finds the placeholders of a template that was not filled in", () => {
    const { siteAddress, conductorConfigured, reasons } = scriptOutcome(TEMPLATE);
    assert.deepEqual([siteAddress, conductorConfigured, reasons.length], [null, false, 3]);
  });

  it("reads values in every kind of quotes", () => {
    for (const value of ["'alice.spoq.dev'", '"alice.spoq.dev"', "alice.spoq.dev", "$'alice\\x2espoq.dev'", "'alice'\".spoq\".dev"]) {
      const script = TEMPLATE.replace('"__HOSTNAME__"', () => value).replaceAll(/__[A-Z_]+__/g, "value");
      assert.equal(scriptOutcome(script).siteAddress, "alice.spoq.dev", value);
    }
    const declared = filled().replace(/^HOSTNAME=/m, "readonly HOSTNAME=").replace(/^OWNER_ID=/m, "declare -r OWNER_ID=");
    assert.deepEqual(scriptOutcome(declared).reasons, []);
  });

  it("sees that a value which was not escaped for TOML breaks the configuration", () => {
    const script = TEMPLATE.replace('"__JWT_SECRET__"', () => quoted('a"b')).replace("__HOSTNAME__", "alice.spoq.dev").replaceAll(/__[A-Z_]+__/g, "v");
    assert.match(scriptOutcome(script).reasons.join(), /jwt_secret is missing, empty or not valid TOML/);
  });

  const broken: [what: string, change: (script: string) => string, reason: RegExp][] = [
    ["an empty owner id", (script) => script.replace('OWNER_ID="value"', 'OWNER_ID=""'), /owner_id/],
    ["a misspelt variable", (script) => script.replace("$JWT_SECRET", "$JWT_SECRT"), /jwt_secret/],
    ["an unset variable", (script) => script.replace("# 5.", "unset JWT_SECRET #"), /jwt_secret/],
    ["a quoted delimiter", (script) => script.replace("Caddyfile << EOF", "Caddyfile << 'EOF'"), /no site address/],
    ["no configuration", (script) => script.replace("jwt_secret =", "other ="), /no conductor configuration/],
    ["no Caddyfile", (script) => script.replace("reverse_proxy", "respond"), /no Caddyfile/],
    ["another port", (script) => script.replace("localhost:8080\n}", "localhost:9090\n}"), /port 8080/],
    ["a conductor that is not started", (script) => script.replace("systemctl start conductor", ""), /conductor is never started/],
    ["Caddy not restarted", (script) => script.replace("systemctl restart caddy", ""), /Caddy is not started or reloaded/],
    ["no shebang", (script) => script.slice(1), /does not start with #!/],
  ];
  for (const [what, change, reason] of broken) {
    it(`says what is wrong with ${what}`, () => {
      const script = change(filled());
      assert.notEqual(script, filled());
      assert.match(scriptOutcome(script).reasons.join("; "), reason);
    });
  }

  it("takes a restart before the Caddyfile is written for none", () => {
    const script = filled().replace("systemctl restart caddy", "").replace("# 12.", "systemctl restart caddy #");
    assert.equal(scriptOutcome(script).caddyStarted, false);
  });

  it("reads here-documents that go through tee, install or a temporary file, and units in a loop", () => {
    const script = `#!/bin/sh
host=carol.spoq.dev
sudo tee /etc/conductor/config.toml > /dev/null << 'X'
owner_id = 'me'
jwt_secret = "s"
X
install -m 0644 /dev/stdin "$dir/Caddyfile" <<-CADDY
\t{
\t\tadmin off
\t}
\thttps://$host:443 {
\t\treverse_proxy 127.0.0.1:8080
\t}
\tCADDY
for unit in conductor caddy; do systemctl enable --now "$unit.service"; done
`;
    const outcome = scriptOutcome(script);
    assert.deepEqual([outcome.siteAddress, outcome.reasons], ["carol.spoq.dev", []]);
  });

  it("never says a value of the script", () => {
    const secret = "fake-jwt-secret-for-tests";
    const outcome = scriptOutcome(filled({ JWT_SECRET: `${secret}"` }));
    assert.ok(!JSON.stringify(outcome).includes(secret));
  });
});
