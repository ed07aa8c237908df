import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { SCRIPT_LIMIT_BYTES } from "../../../providers/hostinger/api/specification.ts";
import { renderPostInstallScript } from "../../../stacks/post-install.ts";
import { HOSTILE, nastyStrings, ORDINARY } from "../../support/post-install-values.ts";

const VARIABLES = ["SSH_PASSWORD", "OWNER_ID", "JWT_SECRET", "SPOQ_HOSTNAME", "CONDUCTOR_URL", "CLI_URL"];

function bash(script: string, args: string[] = []): string {
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", ...args], { input: script, env: { PATH: process.env["PATH"] }, maxBuffer: 1 << 24 });
  assert.equal(status, 0, stderr.toString());
  assert.equal(stderr.toString(), "");
  return stdout.toString();
}

function assignments(script: string): string {
  const lines = script.split("\n").filter((line) => VARIABLES.some((name) => line.startsWith(`${name}=`)));
  assert.equal(lines.length, VARIABLES.length);
  return lines.join("\n");
}

/** What bash makes of the variables of each script, with nothing of the script but their assignments. */
function evaluate(scripts: string[]): string[][] {
  const print = `printf '%s\\0' ${VARIABLES.map((name) => `"$${name}"`).join(" ")}`;
  const printed = bash(scripts.map((script) => `${assignments(script)}\n${print}\n`).join(""));
  const values = printed.split("\0").slice(0, -1);
  return scripts.map((_, index) => values.slice(index * VARIABLES.length, (index + 1) * VARIABLES.length));
}

/** TOML's escapes \\ \" \t mean the same in JSON. A raw tab, which JSON refuses, is not expected. */
function fromToml(body: string | undefined): string {
  return JSON.parse(`"${body}"`) as string;
}

function failure(change: Partial<typeof ORDINARY>): UserVpsError {
  try {
    renderPostInstallScript({ ...ORDINARY, ...change });
  } catch (error) {
    assert.ok(error instanceof UserVpsError);
    return error;
  }
  return assert.fail("the value was accepted");
}

describe("renderPostInstallScript", () => {
  it("puts ordinary values into the script as a reader would write them", () => {
    const script = renderPostInstallScript(ORDINARY);
    assert.deepEqual(assignments(script).split("\n"), [
      "SSH_PASSWORD='Fake-Password-For-Tests-123'",
      "OWNER_ID='user_2f9c1a7e'",
      "JWT_SECRET='fake-jwt-secret-for-tests'",
      "SPOQ_HOSTNAME='alice.spoq.dev'",
      "CONDUCTOR_URL='https://downloads.example/conductor-1.0'",
      "CLI_URL='https://downloads.example/spoq-1.0'",
    ]);
    assert.doesNotMatch(script, /__[A-Z_]+__/);
  });

  it("changes nothing but the assignments of the template", () => {
    const template = readFileSync(new URL("../../../stacks/post-install.sh", import.meta.url), "utf8").split("\n");
    const script = renderPostInstallScript(HOSTILE).split("\n");
    assert.equal(script.length, template.length);
    const changed = template.filter((line, index) => line !== script[index]);
    assert.deepEqual(changed.map((line) => line.split("=")[0]), [...VARIABLES, "SSH_PORT", "CADDY_OPTIONS"]);
  });

  for (const [kind, values] of Object.entries({ ordinary: ORDINARY, hostile: HOSTILE })) {
    it(`renders ${kind} values to a script that bash parses`, () => {
      bash(renderPostInstallScript(values), ["-n"]);
    });

    it(`lets bash read ${kind} values back unharmed`, () => {
      const [password, owner, secret, ...rest] = evaluate([renderPostInstallScript(values)])[0] ?? [];
      assert.equal(password, values.sshPassword);
      assert.equal(fromToml(owner), values.ownerId);
      assert.equal(fromToml(secret), values.jwtSecret);
      assert.deepEqual(rest, [values.hostname, values.conductorUrl, values.cliUrl]);
    });
  }

  it("carries every nasty string unharmed, as password and as TOML text", () => {
    const nasty = nastyStrings(400);
    const read = evaluate(nasty.map((text) => renderPostInstallScript({ ...ORDINARY, sshPassword: text, ownerId: text, jwtSecret: text })));
    nasty.forEach((text, index) => {
      const [password, owner, secret] = read[index] ?? [];
      assert.deepEqual([password, fromToml(owner), fromToml(secret)], [text, text, text], JSON.stringify(text));
    });
  });

  it("escapes quotes, backslashes and tabs for TOML and leaves the rest as it is", () => {
    const script = renderPostInstallScript({ ...ORDINARY, ownerId: 'a"b\\c\td$é', jwtSecret: "it's" });
    assert.ok(script.includes(`\nOWNER_ID='a\\"b\\\\c\\td$é'\n`));
    assert.ok(script.includes(`\nJWT_SECRET='it'\\''s'\n`));
  });

  it("never substitutes a placeholder inside a value", () => {
    const script = renderPostInstallScript({ ...ORDINARY, sshPassword: "__JWT_SECRET__", ownerId: "__SSH_PASSWORD__" });
    assert.ok(script.includes("\nSSH_PASSWORD='__JWT_SECRET__'\n"));
    assert.ok(script.includes("\nOWNER_ID='__SSH_PASSWORD__'\n"));
  });

  it("refuses values that bash, TOML or chpasswd cannot carry, by variable and without the value", () => {
    const refused: [Partial<typeof ORDINARY>, RegExp][] = [
      [{ sshPassword: "" }, /SSH_PASSWORD is empty/],
      [{ sshPassword: "hush\nroot:x" }, /SSH_PASSWORD .*U\+000A/],
      [{ sshPassword: "hush\0" }, /SSH_PASSWORD .*U\+0000/],
      [{ sshPassword: "hush".repeat(128) }, /SSH_PASSWORD .*511 bytes/],
      [{ ownerId: "" }, /OWNER_ID is empty/],
      [{ ownerId: "hush\r" }, /OWNER_ID .*U\+000D/],
      [{ ownerId: "hush\x7f" }, /OWNER_ID .*U\+007F/],
      [{ jwtSecret: "hush\x1b[0m" }, /JWT_SECRET .*U\+001B/],
      [{ jwtSecret: "hush\u0085" }, /JWT_SECRET .*U\+0085/],
      [{ jwtSecret: "hush\ud83d" }, /JWT_SECRET .*surrogate/],
    ];
    for (const [change, expected] of refused) {
      const error = failure(change);
      assert.equal(error.code, "SCRIPT_VALUE_UNREPRESENTABLE");
      assert.match(error.message, expected);
      assert.doesNotMatch(error.message, /hush/);
    }
  });

  it("refuses what is not a full DNS name", () => {
    for (const hostname of ["", "alice", "alice..dev", ".spoq.dev", "spoq.dev.", "-a.spoq.dev", "a-.spoq.dev", "a_b.spoq.dev",
      "a b.dev", "a.dev {", "*.spoq.dev", "http://a.dev", "a.dev:80", "127.0.0.1", "é.spoq.dev", `${"a".repeat(64)}.dev`, `${"a.".repeat(130)}dev`]) {
      const error = failure({ hostname });
      assert.equal(error.code, "SCRIPT_VALUE_UNREPRESENTABLE", hostname);
      assert.match(error.message, /HOSTNAME is/);
    }
  });

  it("refuses what is not a plain http or https URL", () => {
    for (const url of ["", "conductor", "ftp://a.example/c", "file:///etc/shadow", "https://", "https:a.example", "-o/etc/passwd",
      "https://a.example/a b", "https://a.example/\tb", "https://a.example/\u00a0", "https://user:hush@a.example/c", "javascript:1"]) {
      for (const [field, variable] of [["conductorUrl", "CONDUCTOR_URL"], ["cliUrl", "CLI_URL"]] as const) {
        const error = failure({ [field]: url });
        assert.equal(error.code, "SCRIPT_VALUE_UNREPRESENTABLE", url);
        assert.ok(error.message.includes(variable));
        assert.doesNotMatch(error.message, /hush/);
      }
    }
  });

  it("takes a script of exactly 48 KB and refuses one byte more", () => {
    const room = SCRIPT_LIMIT_BYTES - Buffer.byteLength(renderPostInstallScript({ ...ORDINARY, ownerId: "x" })) + 1;
    assert.equal(Buffer.byteLength(renderPostInstallScript({ ...ORDINARY, ownerId: "x".repeat(room) })), 49_152);
    const error = failure({ ownerId: "x".repeat(room + 1) });
    assert.equal(error.code, "SCRIPT_TOO_LARGE");
    assert.match(error.message, /49153 bytes/);
  });

  it("counts bytes, not characters, against the 48 KB", () => {
    assert.equal(failure({ ownerId: "é".repeat(24_000) }).code, "SCRIPT_TOO_LARGE");
  });
});
