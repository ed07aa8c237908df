/** SSH to the sandbox's VMs, with an ordinary SSH client. */
import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import ssh2 from "ssh2";
import type { ConnectConfig } from "ssh2";
import { renderReleaseScript } from "../../stacks/release.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { control, health, hostinger, provision, QUICK, until, vmIs } from "./sandbox-support.ts";

const PASSWORD = "SecurePassword123!";
const CONDUCTOR = { url: "https://downloads.example.com/conductor-2", sha256: "ab".repeat(32) };
const SCRIPT = renderReleaseScript({ version: "2.0.0", conductor: CONDUCTOR });

let sandbox: Sandbox;
beforeAll(async () => void (sandbox = await startSandbox(QUICK)));
afterEach(() => sandbox.reset());
afterAll(() => sandbox.close());

interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly hostKey: string;
}

function ssh(address: string, command: string, { stdin = "", ...login }: Partial<ConnectConfig> & { stdin?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    let hostKey = "";
    client.on("error", reject);
    client.on("ready", () => client.exec(command, (error, channel) => {
      if (error) return reject(error);
      const answer = { status: -1, stdout: "", stderr: "" };
      channel.on("data", (text: Buffer) => (answer.stdout += text.toString()));
      channel.stderr.on("data", (text: Buffer) => (answer.stderr += text.toString()));
      channel.on("exit", (status: number) => (answer.status = status));
      channel.on("close", () => {
        client.end();
        resolve({ ...answer, hostKey });
      });
      channel.end(stdin);
    }));
    const withPassword = login.privateKey === undefined ? { password: PASSWORD } : {};
    client.connect({ host: address, port: sandbox.sshPort, username: "root", readyTimeout: 5_000, hostVerifier: (key: Buffer) => ((hostKey = key.toString("base64")), true), ...withPassword, ...login });
  });
}

const release = (address: string, script = SCRIPT) => ssh(address, "/bin/bash -s", { stdin: script });
const publish = (more: Record<string, unknown> = {}) => control(sandbox, "POST", "artefacts", { ...CONDUCTOR, version: "2.0.0", ...more });
const conductorOf = (id: number) => sandbox.state().vms.find((vm) => vm.id === id)?.programs.conductor?.version;

describe("logging in to a VM over SSH", () => {
  it("takes root's password and no other", async () => {
    const { address } = await provision(sandbox);
    assert.equal((await ssh(address, "hostname")).stdout, "alice.spoq.dev\n");
    await assert.rejects(ssh(address, "hostname", { password: "fake-wrong-password" }), /authentication/i);
    await assert.rejects(ssh(address, "hostname", { username: "nobody" }), /authentication/i);
  });

  it("takes the VM's own public key and no other", async () => {
    const [own, other] = [ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 }), ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 })];
    const { address } = await provision(sandbox, { setup: { public_key: { name: "deploy", key: own.public } } });
    assert.equal((await ssh(address, "hostname", { privateKey: own.private })).status, 0);
    await assert.rejects(ssh(address, "hostname", { privateKey: other.private }), /authentication/i);
  });

  it("takes the new password once it was changed", async () => {
    const { id, address } = await provision(sandbox);
    await hostinger(sandbox, "PUT", `vps/v1/virtual-machines/${id}/root-password`, { password: "fake-New-Password-1" });
    await until(sandbox, vmIs(id, (vm) => !vm.locked));
    await assert.rejects(ssh(address, "hostname"), /authentication/i);
    assert.equal((await ssh(address, "hostname", { password: "fake-New-Password-1" })).status, 0);
  });

  it("is not possible while the VM is stopped; the host key stays, until a wipe", async () => {
    const { id, address } = await provision(sandbox);
    const { hostKey } = await ssh(address, "hostname");
    await control(sandbox, "POST", `vms/${id}/drift`, { kind: "stopped" });
    await assert.rejects(ssh(address, "hostname"), /ECONNREFUSED/);
    await control(sandbox, "POST", `vms/${id}/drift`, { kind: "started" });
    assert.equal((await ssh(address, "hostname")).hostKey, hostKey);
    await hostinger(sandbox, "POST", `vps/v1/virtual-machines/${id}/recreate`, { template_id: 1007, password: PASSWORD });
    await until(sandbox, vmIs(id, (vm) => vm.state === "running" && !vm.locked));
    assert.notEqual((await ssh(address, "hostname")).hostKey, hostKey);
  });
});

describe("what a VM answers over SSH", () => {
  it("reads the log and the services' state, and runs nothing else", async () => {
    const { id, address } = await provision(sandbox);
    assert.match((await ssh(address, "cat /post_install.log")).stdout, /Provisioning Complete/);
    assert.deepEqual((({ status, stdout }) => [status, stdout])(await ssh(address, "systemctl is-active conductor")), [0, "active\n"]);
    await control(sandbox, "POST", `vms/${id}/drift`, { kind: "unhealthy" });
    assert.equal((await ssh(address, "systemctl is-active conductor")).status, 3);
    for (const [command, stdin] of [["touch /tmp/user-vps-must-not-exist", ""], ["/bin/bash -s", "touch /tmp/user-vps-must-not-exist"]] as const) {
      assert.equal((await ssh(address, command, { stdin })).status, 127);
    }
  });

  it("installs a release, tells its version at /health, and forgets it with a wipe", async () => {
    await publish();
    const { id, address } = await provision(sandbox);
    const { status, stdout, stderr } = await release(address);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /release 2\.0\.0: done/);
    assert.deepEqual(await health(sandbox, address, "alice.spoq.dev"), { status: 200, body: '{"status":"ok","version":"2.0.0"}' });
    assert.equal((await ssh(address, "sha256sum /usr/local/bin/conductor")).stdout, `${CONDUCTOR.sha256}  /usr/local/bin/conductor\n`);
    assert.match((await release(address)).stdout, /installed already/);
    await hostinger(sandbox, "POST", `vps/v1/virtual-machines/${id}/recreate`, { template_id: 1007, password: PASSWORD });
    await until(sandbox, vmIs(id, (vm) => vm.state === "running" && !vm.locked));
    assert.equal(conductorOf(id), undefined);
  });

  it("waits with a release until the first boot has ended", async () => {
    await publish();
    await control(sandbox, "POST", "boot", { scriptMs: 150 });
    const started = provision(sandbox);
    const vm = await until(sandbox, ({ vms }) => vms.find(({ address, state }) => state === "running" && address !== null));
    assert.equal(vm.scriptOutcome, null);
    assert.equal((await release(vm.address!)).status, 0);
    await started;
    assert.equal(conductorOf(vm.id), "2.0.0");
  });

  const failures: [what: string, artefact: Record<string, unknown> | undefined, reason: RegExp][] = [
    ["is not there", undefined, /cannot be downloaded/],
    ["cannot be downloaded", { downloads: false }, /cannot be downloaded/],
    ["has another checksum", { sha256: "cd".repeat(32) }, /another checksum/],
    ["is not healthy", { healthy: false }, /rolled back; the previous program runs and is healthy/],
    ["is not healthy on this VM", { healthy: false, hostname: "alice.spoq.dev" }, /rolled back/],
  ];
  for (const [what, artefact, reason] of failures) {
    it(`keeps what it has when the program of a release ${what}`, async () => {
      if (artefact) await publish(artefact);
      const { id, address } = await provision(sandbox);
      const { status, stderr } = await release(address);
      assert.equal(status, 1);
      assert.match(stderr, reason);
      assert.equal(conductorOf(id), undefined);
      assert.equal((await health(sandbox, address, "alice.spoq.dev")).status, 200);
    });
  }

  it("installs what has another checksum, and stays unhealthy, where the script would not look", async () => {
    await publish({ sha256: "cd".repeat(32), healthy: false });
    const { id, address } = await provision(sandbox);
    const careless = SCRIPT.replaceAll("--check", "").replace("put \"$bin/conductor.previous\" conductor\n", "true\n");
    assert.equal((await release(address, careless)).status, 1);
    assert.equal(conductorOf(id), "2.0.0");
    assert.equal((await health(sandbox, address, "alice.spoq.dev")).status, 502);
  });
});

describe("copying to and from a VM", () => {
  const connected = async <T>(address: string, work: (client: ssh2.Client) => Promise<T>): Promise<T> => {
    const client = new ssh2.Client();
    await new Promise<void>((resolve, reject) => {
      client.on("ready", () => resolve()).on("error", reject).connect({ host: address, port: sandbox.sshPort, username: "root", password: PASSWORD, readyTimeout: 5_000 });
    });
    try {
      return await work(client);
    } finally {
      const closed = new Promise<void>((resolve) => client.on("close", () => resolve()));
      client.end();
      await closed;
    }
  };
  const call = <T>(work: (done: (error: Error | undefined | null, value?: T) => void) => void) => new Promise<T>((resolve, reject) => work((error, value) => (error ? reject(error) : resolve(value as T))));

  it("works by SFTP: files, folders, names and removal", async () => {
    const { address } = await provision(sandbox);
    await connected(address, async (client) => {
      const sftp = await call<ssh2.SFTPWrapper>((done) => client.sftp(done));
      const content = Buffer.alloc(200_000, "0123456789");
      await call((done) => sftp.mkdir("/opt/app", done));
      await call((done) => sftp.writeFile("/opt/app/data.bin", content, { mode: 0o600 }, (error) => done(error)));
      assert.ok(content.equals(await call<Buffer>((done) => sftp.readFile("/opt/app/data.bin", done))));
      const [entry] = await call<ssh2.FileEntryWithStats[]>((done) => sftp.readdir("/opt/app", done));
      assert.deepEqual([entry?.filename, entry?.attrs.size, entry?.attrs.isFile()], ["data.bin", 200_000, true]);
      assert.equal(await call<string>((done) => sftp.realpath(".", done)), "/root");
      assert.match((await call<Buffer>((done) => sftp.readFile("/post_install.log", done))).toString(), /\S/);
      await call((done) => sftp.rename("/opt/app/data.bin", "/root/data.bin", done));
      await assert.rejects(call((done) => sftp.stat("/opt/app/data.bin", done)), /No such file/);
      await call((done) => sftp.unlink("/root/data.bin", done));
      await call((done) => sftp.rmdir("/opt/app", done));
      await assert.rejects(call((done) => sftp.writeFile("/nowhere/file", "x", (error) => done(error))), /Failure|No such file/);
    });
  });

  it("works by the older scp in both directions", async () => {
    const { address, id } = await provision(sandbox);
    const bytes = Buffer.from("hello over scp\n");
    const sent = await ssh(address, "scp -t /root/hello.txt", { stdin: `C0640 ${bytes.length} hello.txt\n${bytes.toString()}\0` });
    assert.equal(sent.status, 0);
    const fetched = await ssh(address, "scp -f /root/hello.txt", { stdin: "\0\0\0" });
    assert.deepEqual([fetched.status, fetched.stdout], [0, `C0640 ${bytes.length} hello.txt\n${bytes.toString()}\0`]);
    assert.match((await ssh(address, "scp -f /root/none.txt", { stdin: "\0" })).stdout, /No such file/);
    await hostinger(sandbox, "POST", `vps/v1/virtual-machines/${id}/recreate`, { template_id: 1007, password: PASSWORD });
    await until(sandbox, vmIs(id, (vm) => vm.state === "running" && !vm.locked));
    assert.match((await ssh(address, "scp -f /root/hello.txt", { stdin: "\0" })).stdout, /No such file/, "a wipe takes the files along");
  });

  it("a shell says what this is, answers what the VM knows, and ends", async () => {
    const { address } = await provision(sandbox);
    const said = await connected(address, async (client) => {
      const channel = await call<ssh2.ClientChannel>((done) => client.shell(done));
      let text = "";
      channel.on("data", (data: Buffer) => (text += data.toString()));
      channel.write("hostnamex\b\r");
      channel.write("nonsense\r");
      channel.write("exit\r");
      await new Promise<void>((resolve) => channel.on("close", () => resolve()));
      return text;
    });
    assert.match(said, /alice\.spoq\.dev, a simulated VPS of the sandbox of user-vps: nothing runs here/);
    assert.match(said, /\r\nalice\.spoq\.dev\r\n/);
    assert.match(said, /nonsense: command not found/);
  });
});
