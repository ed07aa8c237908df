import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { commandOf } from "../../../src/cli/commands/index.ts";
import { EXIT, exitCodeOf, NotConfirmed } from "../../../src/cli/exit-codes.ts";
import { fields, moment, money, shortened, table } from "../../../src/cli/output.ts";
import { errorText, errorView } from "../../../src/cli/report-error.ts";
import { startProgress } from "../../../src/cli/progress.ts";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { HTTP_ERRORS } from "../../../src/http/http-error.ts";
import { ServiceRefusal } from "../../../src/cli/service-client/refusal.ts";

describe("what the command line prints", () => {
  it("aligns the columns of a table, with '-' for what there is not", () => {
    assert.equal(table(["ID", "NAME"], [[1, "alice"], [22, null]]), "ID  NAME\n1   alice\n22  -");
    assert.equal(table(["ID"], []), "none");
  });

  it("keeps a row on one line, whatever is in it, and shortens what is long", () => {
    assert.equal(table(["A"], [["one\ntwo\u001b[2J\u0007"]]), "A\none two [2J");
    assert.deepEqual([shortened("x".repeat(60)).length, shortened("x".repeat(61)), shortened("short")], [60, `${"x".repeat(59)}…`, "short"]);
  });

  it("leaves out fields without a value", () => {
    assert.equal(fields({ id: 1, hostname: "", address: undefined, state: "running" }), "id     1\nstate  running");
  });

  it("prints cents as money and times in UTC", () => {
    assert.equal(money(499, "USD"), "4.99 USD");
    assert.equal(money(null, "USD"), undefined);
    assert.equal(moment("2026-01-31T12:00:00+02:00"), "2026-01-31 10:00:00");
    assert.equal(moment(null), undefined);
  });

  it("an error is told by code, message and next step, with its stack only if asked for", () => {
    const error = new UserVpsError("VM_GONE", "VM 1 is gone.", { next: "Buy another one.", cause: new Error("the cause") });
    assert.deepEqual(errorView(error), { error: { code: "VM_GONE", message: "VM 1 is gone.", next: "Buy another one." } });
    assert.equal(errorText(error), "VM_GONE: VM 1 is gone.\nNext: Buy another one.");
    assert.match(errorText(error, { verbose: true }), /\n +at [\s\S]*the cause/);
    assert.match(errorText(new TypeError("x is undefined")), /^UNEXPECTED: x is undefined\nNext: .*--verbose/);
  });

  it("what the service refuses is advised as a command, where it advises a request", () => {
    const refusal = new ServiceRefusal("USER_NOT_FOUND", "There is no user 'nobody'.", HTTP_ERRORS.USER_NOT_FOUND.next, 404);
    assert.equal(errorText(refusal), "USER_NOT_FOUND: There is no user 'nobody'.\nNext: `user-vps list` shows the users.");
    const left = Object.entries(HTTP_ERRORS).filter(([code, { status, next }]) => new ServiceRefusal(code, "x", next, status).next.match(/GET \/api\/admin|Authorization/));
    assert.deepEqual(left.map(([code]) => code), []);
    assert.equal(new ServiceRefusal("PLAN_NOT_ALLOWED", "x", "Ask for another plan.", 403).next, "Ask for another plan.");
  });

  it("exit codes tell wrong use, failures for now and for good, and interruption apart", () => {
    const codeOf = (...[code]: ConstructorParameters<typeof UserVpsError>) => exitCodeOf(new UserVpsError(code, "x"));
    assert.equal(codeOf("INPUT_INVALID", "x"), EXIT.usedWrongly);
    assert.equal(codeOf("CONFIG_INVALID", "x"), EXIT.usedWrongly);
    assert.equal(codeOf("API_UNREACHABLE", "x"), EXIT.tryAgainLater);
    assert.equal(codeOf("VM_GONE", "x"), EXIT.failed);
    assert.equal(codeOf("CANCELLED", "x"), EXIT.interrupted);
    assert.equal(exitCodeOf(new Error("x")), EXIT.failed);
  });

  it("of a command that answers by its exit code, whatever goes wrong is 1: its 2 says that something was found", () => {
    for (const error of [new UserVpsError("INPUT_INVALID", "x"), new UserVpsError("API_UNREACHABLE", "x"), new ServiceRefusal("UNAUTHENTICATED", "x", "y", 401), new NotConfirmed("x", "y"), new Error("x")]) {
      for (const name of ["drift", "sweep"]) assert.equal(exitCodeOf(error, commandOf([name])), EXIT.failed);
    }
    assert.equal(exitCodeOf(new UserVpsError("CANCELLED", "x"), commandOf(["drift"])), EXIT.interrupted);
  });

  it("knows the command of a command line that is used wrongly", () => {
    const usage = (...args: string[]) => commandOf(args)?.usage;
    assert.deepEqual([usage("--json", "drift", "--bananas"), usage("drift"), usage("vm", "get"), usage("sweep", "x")], ["drift <username>", "drift <username>", "vm get <vm-id>", "sweep"]);
    assert.deepEqual([usage(), usage("vm"), usage("vm", "bananas"), usage("drif"), usage("--help")], [undefined, undefined, undefined, undefined, undefined]);
  });
});

describe("progress", () => {
  const written = (isTTY: boolean) => {
    const texts: string[] = [];
    return { stream: { isTTY, write: (text: string) => texts.push(text) }, texts };
  };

  it("without a terminal is one line for each thing, and again while it goes on", async () => {
    const { stream, texts } = written(false);
    const progress = startProgress(stream, { repeatIntervalMs: 5 });
    progress.say("waiting\nfor VM 42");
    progress.say("waiting for VM 42");
    await new Promise((resume) => setTimeout(resume, 30));
    progress.end();
    const count = texts.length;
    await new Promise((resume) => setTimeout(resume, 15));
    assert.equal(texts.length, count);
    assert.match(texts[0]!, /^ +\d+\.\d s {2}waiting for VM 42\n$/);
    assert.match(texts[1]!, /still: waiting for VM 42 \([\d.]+ s\)\n$/);
  });

  it("in a narrow terminal keeps what it counts the seconds of on one line, which can be written over, and tells it whole when it is done", () => {
    const { stream, texts } = written(true);
    const progress = startProgress({ ...stream, columns: 40 });
    const long = "waiting for the next change; ready usually at 2026-01-31 12:06:30 UTC";
    progress.say(long);
    assert.equal(texts.join("").length, 39);
    progress.end();
    assert.ok(texts.at(-1)!.endsWith(`${long}\n`));
  });

  it("in a terminal keeps what was said before on lines of its own", () => {
    const { stream, texts } = written(true);
    const progress = startProgress(stream);
    progress.say("first");
    progress.say("second");
    progress.end();
    const shown = texts.join("").split("\n").map((line) => line.split("\r").at(-1)!.replaceAll(/\u001b\[K/g, ""));
    assert.deepEqual(shown.map((line) => line.trim().replace(/^\d+\.\d s {2}/, "")), ["first", "second", ""]);
  });
});
