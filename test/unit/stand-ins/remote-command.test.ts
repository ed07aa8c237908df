import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { CallContext } from "../../../src/stand-ins/plugin-server.ts";
import { remoteCommandResource as resource } from "../../../src/stand-ins/remote-command.ts";
import { fakeSshHost, HOST_KEY, OTHER_KEY, PASSWORD } from "./fake-ssh-host.ts";

const CONTEXT: CallContext = { name: "release", signal: new AbortController().signal };

describe("the remote command", () => {
  it("runs create with stdin and environment, and keeps what it wrote without the last newline", async () => {
    await using host = await fakeSshHost();
    const inputs = { connection: host.connection, create: "install", stdin: "payload", environment: { VERSION: "1" } };
    const { id, state } = await resource.create(inputs, CONTEXT);
    assert.match(id, /^release[0-9a-f]{8}$/);
    assert.deepEqual(state, { ...inputs, stdout: "did install", stderr: "noted" });
    assert.deepEqual(host.ran, [{ command: "install", env: { VERSION: "1" }, stdin: "payload" }]);
  });

  it("runs update, or create again where there is none, with the output of before in the environment", async () => {
    await using host = await fakeSshHost();
    const state = { connection: host.connection, create: "install", stdout: "old out", stderr: "old err" };
    const after = await resource.update("id", state, { connection: host.connection, create: "install", update: "upgrade" }, CONTEXT);
    assert.equal(after["stdout"], "did upgrade");
    await resource.update("id", state, { connection: host.connection, create: "install", addPreviousOutputInEnv: false }, CONTEXT);
    const [first, second] = host.ran;
    assert.deepEqual(first?.env, { PULUMI_COMMAND_STDOUT: "old out", PULUMI_COMMAND_STDERR: "old err" });
    assert.equal(second?.command, "install");
    assert.deepEqual(second?.env, {});
  });

  it("runs delete if there is one, and connects for nothing else", async () => {
    await using host = await fakeSshHost();
    await resource.delete("id", { connection: host.connection, delete: "remove" }, CONTEXT);
    await resource.delete("id", { connection: host.connection }, CONTEXT);
    assert.deepEqual(host.ran.map(({ command }) => command), ["remove"]);
    assert.equal(host.connections, 1);
  });

  it("fails with status and output when the command fails", async () => {
    await using host = await fakeSshHost();
    await assert.rejects(resource.create({ connection: host.connection, create: "exit 3" }, CONTEXT), (error) => {
      assert.match(String(error), /Process exited with status 3: running "exit 3":\n(did exit 3|noted)/);
      return !String(error).includes(PASSWORD);
    });
  });

  it("connects again until it succeeds", async () => {
    await using host = await fakeSshHost(2);
    await resource.create({ connection: host.connection, create: "x" }, CONTEXT);
    assert.equal(host.connections, 3);
  });

  it("gives up after as many errors as the connection allows", async () => {
    await using host = await fakeSshHost(99);
    await assert.rejects(resource.create({ connection: { ...host.connection, dialErrorLimit: 1 }, create: "x" }, CONTEXT), /after 2 failed attempts/);
    assert.equal(host.connections, 2);
  });

  it("stops trying when it is cancelled", async () => {
    await using host = await fakeSshHost(99);
    const connection = { ...host.connection, dialErrorLimit: -1 };
    await assert.rejects(resource.create({ connection, create: "x" }, { ...CONTEXT, signal: AbortSignal.timeout(150) }), { name: "TimeoutError" });
  });

  it("logs in with a private key", async () => {
    await using host = await fakeSshHost();
    const { password: _, ...connection } = host.connection;
    await resource.create({ connection: { ...connection, privateKey: OTHER_KEY.private }, create: "x" }, CONTEXT);
    assert.equal(host.ran.length, 1);
  });

  it("checks the host key if one is expected", async () => {
    await using host = await fakeSshHost();
    const once = { ...host.connection, dialErrorLimit: 0 };
    await resource.create({ connection: { ...once, hostKey: HOST_KEY.public }, create: "x" }, CONTEXT);
    await assert.rejects(resource.create({ connection: { ...once, hostKey: OTHER_KEY.public }, create: "x" }, CONTEXT), /after 1 failed attempts/);
    assert.equal(host.ran.length, 1);
  });

  for (const host of ["203.0.113.9", "vps.example", "127.0.0.1.example"]) {
    it(`refuses to connect to ${host}`, async () => {
      await assert.rejects(resource.create({ connection: { host }, create: "x" }, CONTEXT), (error) => error instanceof UserVpsError && error.code === "SANDBOX_ONLY");
    });
  }
});

describe("its diff", () => {
  const inputs = { connection: { host: "127.0.0.1" }, create: "a", triggers: [1] };
  it("is empty without a change", () => assert.deepEqual(resource.diff({ stdout: "x" }, { ...inputs }, structuredClone(inputs)), []));
  it("replaces for a trigger", () => assert.deepEqual(resource.diff({}, { ...inputs, triggers: [2] }, inputs), [{ property: "triggers", replace: true }]));
  it("updates for everything else", () => assert.deepEqual(resource.diff({}, { ...inputs, create: "b", stdin: "c" }, inputs), [{ property: "create", replace: false }, { property: "stdin", replace: false }]));
});
