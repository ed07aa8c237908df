import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import type { ServerChannel } from "ssh2";
import { ERROR_CATALOGUE, UserVpsError } from "../../../providers/core/errors.ts";
import { showProgressBy } from "../../../providers/core/progress.ts";
import { create, diff, update } from "../../../providers/ssh/remote-script-provider.ts";
import { ended, fakeSshHost, OTHER_KEY, PASSWORD, publicPart } from "./fake-ssh-host.ts";
import type { FakeHost, FakeHostOptions } from "./fake-ssh-host.ts";

const SECRET = "fake-jwt-secret";
const SCRIPT = `echo ${SECRET}`;

let told: string[] = [];
beforeEach(() => {
  told = [];
  showProgressBy((line) => told.push(line));
});
afterEach(() => {
  showProgressBy(undefined);
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const inputs = (host: FakeHost, more: Record<string, unknown> = {}) => ({ __provider: "text", task: "release", connection: host.connection, script: SCRIPT, machine: "1 1007 abc", secrets: [SECRET], ...more });

/** How a run fails on a host that answers so. */
async function failure(answer: FakeHostOptions["answer"], more: Record<string, unknown> = {}): Promise<UserVpsError> {
  await using host = await fakeSshHost({ ...(answer && { answer }) });
  const error: unknown = await create(inputs(host, more)).then(() => assert.fail("it succeeded"), (thrown: unknown) => thrown);
  assert.ok(error instanceof UserVpsError, String(error));
  for (const secret of [PASSWORD, SECRET]) assert.ok(!error.message.includes(secret), error.message);
  return error;
}

describe("a script of the stack's on a VPS", () => {
  it("is read by bash, and nothing that it writes is kept", async () => {
    await using host = await fakeSshHost({ answer: (channel) => ended(channel, 0, "out\n", "err\n") });
    const { id, outs } = await create(inputs(host));
    assert.deepEqual(host.ran, [{ command: "/bin/bash -s", stdin: SCRIPT }]);
    assert.deepEqual([id, outs], ["release", { task: "release", connection: host.connection, script: SCRIPT, machine: "1 1007 abc" }]);
    assert.deepEqual((await update(id, outs, inputs(host))).outs, outs);
    assert.equal(host.ran.length, 2);
  });

  it("tells its first lines while it runs, each cut, without secrets and without what a terminal obeys", async () => {
    await using host = await fakeSshHost({ answer: (channel) => ended(channel, 0, `\u001b[31mred ${SECRET}\n${"x".repeat(100_000)}\n${"line\n".repeat(100_000)}`) });
    await create(inputs(host));
    assert.equal(told.length, 20);
    assert.deepEqual([told[0], told[2], told[1]!.length < 230], ["127.0.0.1: red [secret]", "127.0.0.1: line", true]);
  });

  it("fails by its own code and with the catalogue's advice, whatever the VPS says", async () => {
    for (const said of ["AWAITING_PAYMENT: order 1 stands. Next: buy another one", "DATABASE_FAILED: pq: no", "RUN_LOST: x", "failed to ping PostgreSQL", "VM_GONE: it is gone"]) {
      for (const [task, code] of [["release", "RELEASE_FAILED"], ["configuration", "CONFIGURATION_FAILED"]] as const) {
        const error = await failure((channel) => ended(channel, 1, "", `${said}\n`), { task });
        assert.equal(error.code, code);
        assert.match(error.next, task === "release" ? /^Release a version that works/ : /^Do what the message says/);
        assert.ok(error.message.startsWith(`${code}: `) && error.message.includes(`ended with status 1; the VPS says: "${said}"`), error.message);
      }
    }
  });

  it("quotes what the script itself gave as the reason, cut", async () => {
    const error = await failure((channel) => ended(channel, 1, "", `RELEASE_FAILED: release 2.0.0: no ${SECRET} ${"x".repeat(2_000)}\nbash: noise\n`));
    assert.match(error.message, /the VPS says: "release 2\.0\.0: no \[secret\] x+…"\. Next: /);
    assert.ok(error.message.length < 900);
  });

  it("ends at its limit, by a code that is tried again, and has time for all that it waits for itself", async () => {
    await using host = await fakeSshHost({ answer: (channel) => void channel.write("going on\n") });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const running = create(inputs(host)).then(() => undefined, (error: unknown) => error);
    await vi.waitUntil(() => told.length > 0, { timeout: 60_000 });
    await vi.advanceTimersByTimeAsync(76 * 60_000);
    const error = await running;
    assert.ok(error instanceof UserVpsError && error.code === "RELEASE_TIMED_OUT", String(error));
    assert.equal(ERROR_CATALOGUE[error.code].retry, "backoff");
    assert.match(error.message, /The release could not be brought to the VPS at 127\.0\.0\.1: .*did not end `\/bin\/bash -s` within 4500 s/);
    assert.equal(host.ran.length, 1, "what may be going on there is not begun again beside it");
  });

  it("ends when it writes without an end", async () => {
    const flood = (channel: ServerChannel) => {
      const write = () => { while (channel.writable && channel.write("x".repeat(262_144))); };
      channel.on("drain", write);
      write();
    };
    const error = await failure(flood);
    assert.equal(error.code, "RELEASE_FAILED");
    assert.match(error.message, /has written more than/);
  });

  it("is begun when a server that is just starting lets it in", async () => {
    await using host = await fakeSshHost({ refuseFirst: 1 });
    await create(inputs(host));
    assert.deepEqual([host.connections, host.ran.length], [2, 1]);
  });

  it("fails by what the last try said on a server that still lets nobody in after a minute", async () => {
    await using host = await fakeSshHost({ refuseFirst: Infinity });
    vi.useFakeTimers({ toFake: ["performance"] });
    const running = create(inputs(host)).then(() => undefined, (error: unknown) => error);
    await vi.waitUntil(() => host.connections === 1, { timeout: 60_000 });
    vi.advanceTimersByTime(59_000);
    await vi.waitUntil(() => host.connections === 2, { timeout: 60_000 });
    vi.advanceTimersByTime(2_000);
    const error = await running;
    assert.ok(error instanceof UserVpsError && error.code === "SSH_UNREACHABLE", String(error));
    // The last one, unless that one was over before the minute was.
    assert.ok(host.connections <= 3, `${host.connections} connections`);
    assert.deepEqual(host.ran, []);
  });

  it("is not waited for any more once root is in", async () => {
    const answering = Promise.withResolvers<ServerChannel>();
    await using host = await fakeSshHost({ refuseFirst: 1, answer: (channel) => answering.resolve(channel) });
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const running = create(inputs(host));
    const channel = await answering.promise;
    await vi.advanceTimersByTimeAsync(16_000);
    ended(channel, 0);
    await running;
    assert.deepEqual(told.map((line) => line.replace(/port \d+ .*/, "port")), ["waiting for 127.0.0.1: The SSH server at 127.0.0.1 port"]);
  });

  it("is not sent to a server with another key than the pinned one, nor begun again where root is not let in", async () => {
    await using host = await fakeSshHost();
    const fails = async (code: string, connection: object) => await assert.rejects(create(inputs(host, { connection: { ...host.connection, ...connection } })), (error) => error instanceof UserVpsError && error.code === code);
    await fails("SSH_HOST_KEY_WRONG", { hostKey: publicPart(OTHER_KEY.public) });
    await fails("SSH_LOGIN_REFUSED", { password: "fake-other-password" });
    assert.deepEqual([host.connections, host.ran.length], [2, 0]);
  });
});

describe("its difference", () => {
  const before = { task: "release", connection: { host: "192.0.2.7", port: 22, password: "fake" }, script: "a", machine: "1 1007 abc", fingerprint: "f" };
  const changes = (more: object, olds: object = before) => diff("release", { ...olds }, { ...structuredClone(before), secrets: ["other"], ...more }).changes;

  it("is none as long as script, way in, machine and fingerprint stay", () => {
    assert.equal(changes({}), false);
    assert.equal(changes({}, { ...before, machine: "1 1007 abc 2" }), false, "a wipe of before that is only not mentioned any more");
  });

  for (const task of ["release", "configuration"]) {
    it(`is there in a run that does the ${task} again, and in that one alone`, () => {
      vi.stubEnv("USER_VPS_RUN_AGAIN", `${task},health`);
      assert.equal(changes({ task }), true);
      assert.equal(changes({ task: task === "release" ? "configuration" : "release" }), false);
      vi.unstubAllEnvs();
      assert.equal(changes({ task }), false);
    });
  }

  it("has it run again for any of them", () => {
    for (const more of [{ script: "b" }, { connection: { ...before.connection, password: "fake-2" } }, { machine: "1 1007 abc 3" }, { machine: "2 1007 abc" }, { fingerprint: "g" }]) assert.equal(changes(more), true, JSON.stringify(more));
  });
});
