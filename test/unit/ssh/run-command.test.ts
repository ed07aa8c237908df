import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import ssh2 from "ssh2";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { runCommand } from "../../../providers/ssh/run-command.ts";
import type { SshServer } from "../../../providers/ssh/run-command.ts";
import { atEnd } from "../../support/at-end.ts";

const PASSWORD = "fake-password-for-tests";
const pair = () => ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
const KEYS = { rsa: ssh2.utils.generateKeyPairSync("rsa", { bits: 2_048 }), ecdsa: pair() };
const OPERATOR = pair();
const NEVER = new AbortController().signal;
const publicPart = (text: string) => text.split(" ").slice(0, 2).join(" ");

let server: ssh2.Server;
let at: { host: string; port: number };
/** What the server was offered; `none` asks for the methods. */
let offered: string[] = [];
/** Called when the command that never ends has begun. */
let onHang = (): void => undefined;

beforeAll(async () => {
  server = new ssh2.Server({ hostKeys: [KEYS.rsa.private, KEYS.ecdsa.private] }, (client) => {
    client.on("error", () => undefined);
    client.on("authentication", (attempt) => {
      offered.push(attempt.method);
      if (attempt.method === "password" && attempt.password === PASSWORD) return attempt.accept();
      if (attempt.method === "publickey" && attempt.key.data.toString("base64") === OPERATOR.public.split(" ")[1]) return attempt.accept();
      return attempt.reject(["password", "publickey"]);
    });
    client.on("session", (accept) => accept().on("exec", (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      if (command === "hang") return onHang();
      channel.write(command === "much" ? `${"x".repeat(1_100_000)}the end\n` : `did ${command}\n`);
      channel.stderr.write("noted\n");
      channel.exit(command === "fail" ? 3 : 0);
      channel.end();
    }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  at = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
});
beforeEach(() => {
  offered = [];
  onHang = () => undefined;
});
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

const run = (more: Partial<SshServer> = {}, command = "look") => runCommand({ ...at, login: { password: PASSWORD }, ...more }, { command, signal: NEVER });
const failsWith = (code: string, what: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UserVpsError);
  assert.equal(error.code, code);
  assert.match(error.message, what);
  assert.ok(!error.message.includes(PASSWORD));
  return true;
};

describe("a command over SSH", () => {
  it("tells what it wrote and how it ended", async () => {
    assert.deepEqual((({ status, stdout, stderr }) => ({ status, stdout, stderr }))(await run()), { status: 0, stdout: "did look\n", stderr: "noted\n" });
    assert.equal((await run({}, "fail")).status, 3);
  });

  it("keeps the end of what is too long to be kept", async () => {
    const { stdout } = await run({}, "much");
    assert.equal(stdout.length, 1_048_576);
    assert.ok(stdout.endsWith("the end\n"));
  });

  it("logs in with a private key, and then offers no password", async () => {
    assert.equal((await run({ login: { privateKey: OPERATOR.private } })).status, 0);
    assert.ok(!offered.includes("password"));
    await assert.rejects(run({ login: { privateKey: pair().private } }), failsWith("SSH_LOGIN_REFUSED", /does not let root in with SSH_PRIVATE_KEY/));
    await assert.rejects(run({ login: { privateKey: "no key" } }), failsWith("CONFIG_INVALID", /private key .* cannot be read/));
  });

  it("says that a password is refused, and never the password", async () => {
    await assert.rejects(run({ login: { password: "fake-other-password" } }), failsWith("SSH_LOGIN_REFUSED", /does not let root in with the stack's password/));
  });

  it("accepts the pinned key of whichever kind, and tells its fingerprint", async () => {
    for (const { public: key } of Object.values(KEYS)) assert.match((await run({ hostKey: publicPart(key) })).hostKeyFingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/);
  });

  it("sends nothing to a server with another key than the pinned one", async () => {
    await assert.rejects(run({ hostKey: publicPart(pair().public) }), failsWith("SSH_HOST_KEY_WRONG", /another key than the pinned one: SHA256:/));
    // A kind of key that the server does not have.
    await assert.rejects(run({ hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA" }), failsWith("SSH_HOST_KEY_WRONG", /another key/));
    assert.deepEqual(offered, []);
  });

  it("ends at its limit, and when it is cancelled", async () => {
    await assert.rejects(runCommand({ ...at, login: { password: PASSWORD } }, { command: "hang", signal: NEVER, timeoutMs: 200 }), failsWith("SSH_UNREACHABLE", /did not end `hang` within/));
    const controller = new AbortController();
    const running = runCommand({ ...at, login: { password: PASSWORD } }, { command: "hang", signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 200);
    await assert.rejects(running, /^Error: enough$/);
  });

  it("ends soon after the server froze, and not while one that says nothing still answers", async () => {
    const ends: Socket[] = [];
    const relay = createServer((near) => {
      const far = connect(at.port, at.host);
      ends.push(near, far);
      near.on("error", () => undefined).pipe(far).on("error", () => undefined).pipe(near);
      relay.once("freeze", () => { near.unpipe(far); far.unpipe(near); });
    });
    await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
    atEnd(async () => {
      ends.forEach((end) => end.destroy());
      await new Promise((resolve) => relay.close(resolve));
    });
    const hang = (timeoutMs: number) => runCommand({ host: "127.0.0.1", port: (relay.address() as AddressInfo).port, login: { password: PASSWORD } }, { command: "hang", signal: NEVER, timeoutMs }, 200);
    await assert.rejects(hang(2_500), failsWith("SSH_UNREACHABLE", /did not end `hang` within 2\.5 s/));
    onHang = () => void relay.emit("freeze");
    await assert.rejects(hang(60_000), failsWith("SSH_UNREACHABLE", /broke off while `hang` ran: Keepalive timeout/));
  });

  it("says where nobody answers", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await assert.rejects(run({ port }), failsWith("SSH_UNREACHABLE", new RegExp(`127\\.0\\.0\\.1 port ${port} cannot be used: .*ECONNREFUSED`)));
  });
});
