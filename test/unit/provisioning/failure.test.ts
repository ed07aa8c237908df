import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { failureOf } from "../../../src/provisioning/failure.ts";

const run = { stackName: "alice", errors: [], output: "", end: "exit code 255" };

describe("failureOf", () => {
  it("takes the code, the reason and the advice that a provider gave", () => {
    const text = "Error: HEALTH_CHECK_FAILED: https://alice.spoq.dev/health was not healthy within 9 s. Next: Look at the log.\n    at waitFor (file:///x.ts:1:2)";
    const error = failureOf({ ...run, errors: ["update failed", text] });
    assert.equal(error.code, "HEALTH_CHECK_FAILED");
    assert.equal(error.next, "Look at the log.");
    assert.equal(error.message, "HEALTH_CHECK_FAILED: https://alice.spoq.dev/health was not healthy within 9 s. Next: Look at the log.");
  });

  it("knows a locked stack by the engine's words", () => {
    const output = "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end";
    assert.equal(failureOf({ ...run, output }).code, "STACK_LOCKED");
  });

  it("knows a state backend that is away by the engine's words", () => {
    for (const output of ["error: failed to ping PostgreSQL: dial tcp 127.0.0.1:5: connect: connection refused", "error: pq: terminating connection due to administrator command"]) {
      assert.equal(failureOf({ ...run, output }).code, "DATABASE_FAILED", output);
    }
  });

  it("does not take what a user's VPS said, quoted by a provider, for the engine's or Cloudflare's words", () => {
    for (const said of ["the stack is currently locked", "pq: out of memory", "DNS record quota exceeded (81045)", "API_UNAUTHORIZED: no"]) {
      const text = `FIRST_BOOT_FAILED: The post-install script of alice.spoq.dev failed:\n  ${said}. Next: Look at the log.`;
      assert.equal(failureOf({ ...run, errors: ["update failed", text], output: ` +  VirtualMachine vm creating error: ${text}\nerror: update failed` }).code, "FIRST_BOOT_FAILED", said);
    }
    const both = failureOf({ ...run, errors: ["FIRST_BOOT_FAILED: no"], output: "error: FIRST_BOOT_FAILED: no\nerror: saving the checkpoint: pq: the database is gone" });
    assert.equal(both.code, "DATABASE_FAILED");
  });

  it("does not take what a user's VPS tells of its progress for the engine's words", () => {
    for (const said of ["failed to ping PostgreSQL", "the stack is currently locked", "RUN_LOST: x", "error: pq: no"]) {
      const output = `Updating (alice):\n    pulumi:pulumi:Stack user-vps-alice running 192.0.2.7: ${said}\nDiagnostics:\n  pulumi:pulumi:Stack (user-vps-alice):\n    192.0.2.7: ${said}\n    error: ${said}\n`;
      assert.equal(failureOf({ ...run, errors: ["RELEASE_FAILED: it was not healthy. Next: Release another."], output }).code, "RELEASE_FAILED", said);
      assert.equal(failureOf({ ...run, output }).code, "ENGINE_FAILED", said);
    }
    assert.equal(failureOf({ ...run, output: "error: 1 error occurred:\n\t* saving the state: pq: the database is gone\n" }).code, "DATABASE_FAILED");
  });

  it("takes the first code and the last advice of what a provider says; those within are what it quotes", () => {
    const quote = 'the VPS says: "AWAITING_PAYMENT: order 1. Next: pay it. VM_GONE: no"';
    const error = failureOf({ ...run, errors: [`RELEASE_FAILED: The release failed; ${quote}. Next: Release a version that works.\n`] });
    assert.deepEqual([error.code, error.next], ["RELEASE_FAILED", "Release a version that works."]);
    assert.equal(error.bareMessage, `The release failed; ${quote}.`);
  });

  it("advises an operator of the service to what the service does, not to a setting of the stack, which the next run would take back", () => {
    const refused = (code: string, setting: string) => ({ ...run, errors: [`VirtualMachine resource 'vm' has a problem: ${code}: VM 17 is not as declared. Next: If it is meant, set ${setting} to 17 (\`pulumi config set ${setting} 17\`).`] });
    for (const [code, setting, next] of [["VM_GONE", "allowReplaceOf", /`user-vps replace alice`/], ["CHANGE_REFUSED", "allowReplaceOf", /Nothing was bought.*runbook/], ["CHANGE_REFUSED", "allowRecreateOf", /`user-vps recreate alice` wipes it/], ["VM_NOT_OURS", "importVmId", /runbook/]] as const) {
      const told = failureOf({ ...refused(code, setting), isOfService: true });
      assert.equal(told.code, code);
      assert.equal(told.bareMessage, "VM 17 is not as declared.");
      assert.match(told.next, next);
      assert.ok(!told.message.includes(setting), told.message);
      assert.match(failureOf(refused(code, setting)).next, new RegExp(`pulumi config set ${setting} 17`));
    }
    assert.equal(failureOf({ ...run, errors: ["VM_GONE: it is lost. Next: See the panel."], isOfService: true }).next, "See the panel.");
  });

  it("knows a full zone by Cloudflare's words", () => {
    assert.equal(failureOf({ ...run, errors: ["creating the record: DNS record quota exceeded (81045)"] }).code, "ZONE_FULL");
  });

  it("says how the engine ended and what it said last when nothing tells more", () => {
    const error = failureOf({ ...run, output: "Updating (alice):\n + vm creating\n", end: "killed by SIGKILL" });
    assert.equal(error.code, "ENGINE_FAILED");
    assert.match(error.message, /killed by SIGKILL\): \+ vm creating/);
  });

  it("says what to look at where the engine cannot read a state", () => {
    const sealed = failureOf({ ...run, output: 'error: could not create secrets manager for new stack: secrets (code=Unknown): Error making API request.\n\nCode: 503. Errors:\n\n* Vault is sealed\n' });
    assert.match(sealed.message, /Vault is sealed.*Next: .*SECRETS_PROVIDER/s);
    for (const said of ["incorrect passphrase", "unable to read PULUMI_CONFIG_PASSPHRASE_FILE: open /run/secrets/pulumi: no such file or directory", "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables"]) {
      assert.match(failureOf({ ...run, output: `error: getting stack configuration: get stack secrets manager: ${said}` }).message, /Next: Set PULUMI_CONFIG_PASSPHRASE/, said);
    }
    assert.match(failureOf({ ...run, output: "error: get stack secrets manager: something else" }).message, /Next: Read the run's log/);
  });

  it("takes secrets out before a text is cut or its lines are joined", () => {
    const redact = (text: string) => text.replaceAll("fake secret\nof two lines", "[secret]").replaceAll("fake-token-of-tests", "[secret]");
    for (const text of [`${"x".repeat(1_990)} fake-token-of-tests`, "the key is fake secret\nof two lines.", `API_UNAUTHORIZED: ${"x".repeat(1_990)} fake-token-of-tests`]) {
      const { message } = failureOf({ ...run, errors: [text], redact });
      assert.ok(!message.includes("fake"), message);
    }
    assert.ok(!failureOf({ ...run, output: `error: ${"x".repeat(1_983)} fake-token-of-tests`, redact }).message.includes("fake"));
  });

  it("keeps a message short enough for a record", () => {
    assert.ok(failureOf({ ...run, errors: ["x".repeat(100_000)] }).message.length < 2_300);
  });
});
