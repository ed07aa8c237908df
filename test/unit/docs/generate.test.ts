import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { readSettings } from "../../../src/config/index.ts";
import { configurationPage, environmentExample } from "../../../docs/generate/configuration.ts";
import { firstDifference } from "../../../docs/generate/first-difference.ts";
import { replaceMarked } from "../../../docs/generate/marked.ts";
import { table } from "../../../docs/generate/markdown.ts";
import { createNormaliser } from "../../../docs/generate/transcripts/normalise.ts";

const CHECKOUT = resolve(import.meta.dirname, "..", "..", "..");

describe("the configuration reference", () => {
  it("tells every environment variable that the program reads", () => {
    const page = configurationPage();
    const files = globSync(["src/**/*.ts", "providers/**/*.ts", "stacks/**/*.ts"], { cwd: CHECKOUT });
    const read = files.flatMap((file) => [...readFileSync(join(CHECKOUT, file), "utf8").matchAll(/\benv(?:\["|\.)([A-Z][A-Z0-9_]+)/g)].map(([, name = ""]) => name));
    assert.ok(read.length > 10);
    // The system's own.
    const missing = new Set(read.filter((name) => !["PATH", "HOME"].includes(name) && !page.includes(`| \`${name}\` |`)));
    assert.deepEqual([...missing], []);
  });
});

describe("the example of .env", () => {
  it("asks for just what the service cannot do without", () => {
    assert.throws(() => readSettings({ env: parseEnv(environmentExample()), role: "all" }), (error: unknown) => {
      assert.ok(error instanceof UserVpsError);
      const named = [...error.message.matchAll(/^ {2}- (\w+) is missing/gm)].map(([, name]) => name);
      assert.deepEqual(named, ["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ZONE_ID", "CONDUCTOR_URL", "CLI_URL", "CREDENTIALS_KEYS", "HOSTINGER_API_KEY", "PULUMI_CONFIG_PASSPHRASE", "JWT_SECRET"]);
      return true;
    });
  });

  it("is usable line by line: what is commented out holds a value that is taken", () => {
    const uncommented = parseEnv(environmentExample().replaceAll(/^#(?=[A-Z_]+=)/gm, ""));
    const examples = parseEnv(environmentExample().replaceAll(/^# For example: (.*)\n(\w+)=$/gm, "$2=$1"));
    const alternatives = { PULUMI_CONFIG_PASSPHRASE_FILE: "", SECRETS_PROVIDER: "", HOSTINGER_API_KEY_FILE: "", JWT_JWKS_URL: "" };
    // An abbreviated key is no key.
    const env = { ...uncommented, ...examples, ...alternatives, SSH_PUBLIC_KEY: "" };
    assert.equal(readSettings({ env, role: "all" }).port, 8080);
  });
});

describe("a generated part", () => {
  it("replaces what stands between its markers, and nothing else", () => {
    const document = "before\n<!-- generated: x -->\nold\n<!-- end: x -->\nafter\n";
    assert.equal(replaceMarked(document, "x", "new"), "before\n<!-- generated: x -->\n\nnew\n\n<!-- end: x -->\nafter\n");
    assert.throws(() => replaceMarked("before", "x", "new"), /generated: x/);
  });

  it("keeps a table a table, whatever a cell holds", () => {
    assert.equal(table(["a"], [["x|y\nz"]]), "| a |\n|---|\n| x\\|y z |");
  });
});

describe("the check", () => {
  it("finds the first line that differs, and that a text has ended", () => {
    assert.equal(firstDifference("a\nb", "a\nb"), undefined);
    assert.deepEqual(firstDifference("a\nb\nc", "a\nx\nc"), { lineNumber: 2, present: "b", wanted: "x" });
    assert.deepEqual(firstDifference("a", "a\nb"), { lineNumber: 2, present: undefined, wanted: "b" });
  });
});

describe("a transcript", () => {
  const shown = (text: string) => createNormaliser({ "/tmp/run-7": "/tmp/user-vps" }).normalise(text);

  it("is the same for other times, ids, ports and folders", () => {
    const first = "run 1f78f974-8fef-43ec-b505-527ad4f2e1a4, up: succeeded after 3.706 s\nat 2026-11-25 08:30:35 in /tmp/run-7 by http://127.0.0.1:33349";
    const second = "run 7503c0a2-b16d-4673-91b3-7e28ff1bcabf, up: succeeded after 12.1 s\nat 2027-01-02 03:04:05 in /tmp/run-7 by http://127.0.0.1:41000";
    assert.equal(shown(first), shown(second));
    assert.match(shown(first), /^run 0{8}-.*1, up: succeeded after 1 s\n.* in \/tmp\/user-vps by http:\/\/127\.0\.0\.1:18080$/);
  });

  it("tells ids apart", () => {
    const [first, second, again] = shown("1f78f974-8fef-43ec-b505-527ad4f2e1a4\n7503c0a2-b16d-4673-91b3-7e28ff1bcabf\n1f78f974-8fef-43ec-b505-527ad4f2e1a4").split("\n");
    assert.notEqual(first, second);
    assert.equal(again, first);
  });

  it("keeps what was done and leaves out what was under way", () => {
    assert.equal(shown("   0.3 s  alice: looking\n +  a:b:Vm vm creating (0s) \n +  a:b:Vm vm created (0.66s) \n@ updating...."), "+  a:b:Vm vm created (1s)");
  });

  it("indents a document on one line", () => assert.equal(shown('{"a":{"b":1}}'), '{\n  "a": {\n    "b": 1\n  }\n}'));
});
