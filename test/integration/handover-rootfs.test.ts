/** The rendered script that makes a pool's VPS a user's own, really run by `bash -s` as root in a fresh Debian root file system. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { renderHandoverScript } from "../../stacks/handover.ts";
import { needing } from "../support/needs.ts";
import { listing, type Rootfs, unpackRootfs } from "../support/rootfs.ts";

const VALUES = { hostname: "alice.spoq.dev", ownerId: "user_alice", order: "order-1" };
const OLD_ID = "0123456789abcdef0123456789abcdef";
/** Files of the pool's time, and what is in them. */
const BEFORE: Readonly<Record<string, string>> = {
  "etc/machine-id": `${OLD_ID}\n`,
  "var/lib/dbus/machine-id": `${OLD_ID}\n`,
  "etc/hostname": "pool-0a1b2c3d4e\n",
  "etc/hosts": "127.0.0.1 localhost\n# pool-0a1b2c3d4e stays in a comment\n127.0.1.1 pool-0a1b2c3d4e.spoq.dev pool-0a1b2c3d4e\n10.0.0.1 other.example.com\n",
  "etc/ssh/ssh_host_ecdsa_key": "old private", "etc/ssh/ssh_host_ecdsa_key.pub": "ecdsa-sha2-nistp256 OLD root@pool",
  "etc/ssh/sshd_config": "PermitRootLogin yes\n",
  "root/.bash_history": "of the pool", "root/.ssh/authorized_keys": "ssh-ed25519 AAAA\n", "root/.ssh/known_hosts": "of the pool", "root/.python_history": "of the pool",
  "home/spoq/.bash_history": "of the pool", "home/spoq/.bashrc": "kept\n", "home/spoq/.viminfo": "of the pool",
  "var/log/syslog": "of the pool", "var/log/auth.log": "of the pool", "var/log/auth.log.1": "of the pool", "var/log/syslog.2.gz": "of the pool", "var/log/caddy/access.log": "of the pool", "var/log/wtmp": "of the pool",
  [`var/log/journal/${OLD_ID}/system.journal`]: "of the pool", [`run/log/journal/${OLD_ID}/system.journal`]: "of the pool",
  "post_install.log": "of the pool",
  "var/lib/caddy/.local/share/caddy/pki/authorities/local/root.key": "of the pool", "var/lib/caddy/.config/caddy/autosave.json": "of the pool",
  "tmp/left": "of the pool", "var/tmp/left": "of the pool", "tmp/systemd-private-1/tmp": "of a service",
  "var/lib/cloud/instances/iid-1/user-data.txt": "of the pool", "var/lib/cloud/instances/iid-1/vendor-data.txt.i": "of the pool", "var/lib/cloud/instances/iid-1/cloud-config.txt": "of the pool",
  "var/lib/cloud/instances/iid-1/scripts/part-001": "of the pool", "var/lib/cloud/instances/iid-1/obj.pkl": "of the pool", "var/lib/cloud/instances/iid-1/sem/config_ssh": "once\n",
  "var/lib/cloud/data/previous-hostname": "pool-0a1b2c3d4e\n", "var/lib/cloud/data/set-hostname": '{"hostname": "pool-0a1b2c3d4e"}', "var/lib/cloud/data/instance-id": "iid-1\n",
  "var/lib/cloud/seed/nocloud/user-data": "of the pool", "var/lib/cloud/seed/nocloud/meta-data": "instance-id: iid-1\nlocal-hostname: pool-0a1b2c3d4e\n",
  "var/log/cloud-init.log": "of the pool", "var/log/cloud-init-output.log": "of the pool", "run/cloud-init/instance-data-sensitive.json": "of the pool", "etc/cloud/cloud.cfg": "kept\n",
  "etc/conductor/config.toml": "kept\n", "etc/caddy/Caddyfile": "kept\n",
};
/** Stand-ins for what needs a running system or openssh. */
const STUBS = {
  systemctl: `echo "$*" >> /calls`,
  journalctl: `echo "journalctl $*" >> /calls`,
  hostname: `echo "hostname $*" >> /calls`,
  "ssh-keygen": `[ "$1" = -A ] && [ "$2" = -f ] || exit 9
for kind in ecdsa ed25519 rsa; do
  echo "private $RANDOM$RANDOM" > "$3/etc/ssh/ssh_host_\${kind}_key"
  chmod 600 "$3/etc/ssh/ssh_host_\${kind}_key"
  echo "$kind $RANDOM$RANDOM root@here" > "$3/etc/ssh/ssh_host_\${kind}_key.pub"
done`,
  sleep: `echo "$1" >> /sleep-calls
if [ -e /first-boot ] && [ "$(wc -l < /sleep-calls)" -ge "$(cat /first-boot)" ]; then rm -f /post_install; fi`,
};
const FOLDERS = ["etc", "home", "root", "tmp", "var/log", "var/lib/caddy", "var/lib/cloud", "var/lib/dbus", "var/tmp"];

let rootfs: Rootfs;
const path = (name: string) => join(rootfs.dir, name);
const read = (name: string) => readFileSync(path(name), "utf8");
const calls = () => (existsSync(path("calls")) ? read("calls").trim().split("\n") : []);
const run = (script: string) => rootfs.run(["/bin/bash", "-s"], { PATH: "/stubs:/usr/sbin:/usr/bin:/sbin:/bin" }, script);

function succeeds(script = renderHandoverScript(VALUES)): string {
  const { status, stdout, stderr } = run(script);
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

/**
 * The script, whose main shell and the part that is running are killed before its command of this
 * number. Parts of a pipeline count side by side: each adds a byte, and what is there is the count.
 */
function killedBefore(command: number): string {
  const trap = `trap 'printf . >> /commands; IFS= read -r counted < /commands || :; if [ \${#counted} -ge ${command} ]; then kill -9 $$ $BASHPID; fi' DEBUG\nset -T\n`;
  return trap + renderHandoverScript(VALUES);
}

/** What every hand-over ends with. */
function isHandedOver(): void {
  const id = read("etc/machine-id");
  assert.match(id, /^[0-9a-f]{32}\n$/);
  assert.notEqual(id, `${OLD_ID}\n`);
  assert.equal(read("var/lib/dbus/machine-id"), id);
  assert.equal(read("etc/hostname"), "alice.spoq.dev\n");
  assert.equal(read("etc/hosts"), "127.0.0.1 localhost\n# pool-0a1b2c3d4e stays in a comment\n127.0.1.1 alice.spoq.dev alice\n10.0.0.1 other.example.com\n");
  assert.deepEqual(readdirSync(path("etc/ssh")).sort(), ["ecdsa", "ed25519", "rsa"].flatMap((kind) => [`ssh_host_${kind}_key`, `ssh_host_${kind}_key.pub`]).concat("sshd_config").sort());
  for (const name of readdirSync(path("etc/ssh"))) assert.doesNotMatch(read(`etc/ssh/${name}`), /old|OLD/);
  assert.equal(statSync(path("etc/ssh/ssh_host_ecdsa_key")).mode & 0o777, 0o600);
  for (const name of ["etc/conductor/config.toml", "etc/caddy/Caddyfile", "home/spoq/.bashrc"]) assert.equal(read(name), "kept\n");
  assert.equal(read("root/.ssh/authorized_keys"), "ssh-ed25519 AAAA\n");
  assert.equal(read("tmp/systemd-private-1/tmp"), "of a service");
  const { stdout } = rootfs.run(["/bin/grep", "-rl", "-e", "of the pool", "-e", OLD_ID, "-e", "pool-0a1b2c3d4e$", "-e", "pool-0a1b2c3d4e.spoq.dev", "/etc", "/root", "/home", "/var", "/tmp", "/run", "/post_install.log"], {});
  assert.equal(stdout, "");
  assert.equal(existsSync(path("post_install.log")), false);
  // That it has booted before stays known to cloud-init, which sets the name of then no more.
  assert.equal(read("var/lib/cloud/data/instance-id"), "iid-1\n");
  assert.equal(read("var/lib/cloud/instances/iid-1/sem/config_ssh"), "once\n");
  assert.equal(read("var/lib/cloud/seed/nocloud/meta-data"), "instance-id: iid-1\n");
  assert.equal(read("etc/cloud/cloud.cfg.d/99-user-vps-hostname.cfg"), "preserve_hostname: true\n");
  assert.equal(read("etc/cloud/cloud.cfg"), "kept\n");
  assert.equal(read("var/log/syslog"), "");
  assert.equal(read("etc/spoq/handover"), "order-1\n");
  assert.equal(existsSync(path("etc/spoq/handover.new")), false);
}

/** Without what is made at random. */
function fileSystem(): Map<string, string> {
  return listing(rootfs.dir, FOLDERS, (file, content) => (/machine-id|ssh_host_/.test(file) ? "random" : content));
}

describe("the hand-over of a pool's VPS", needing("rootfs"), () => {
  beforeAll(() => {
    rootfs = unpackRootfs();
    for (const folder of ["stubs", "run"]) mkdirSync(path(folder), { recursive: true });
    for (const [name, text] of Object.entries(STUBS)) {
      writeFileSync(path(`stubs/${name}`), `#!/bin/bash\n${text}\nexit 0\n`);
      chmodSync(path(`stubs/${name}`), 0o755);
    }
  });
  afterAll(() => rootfs?.remove());
  beforeEach(() => {
    for (const name of ["commands", "calls", "first-boot", "post_install", "sleep-calls", "etc/spoq", "etc/ssh", "var/log", "run/log", "tmp", "var/tmp", "home/spoq", "root"]) rmSync(path(name), { recursive: true, force: true });
    for (const [name, content] of Object.entries(BEFORE)) {
      mkdirSync(dirname(path(name)), { recursive: true });
      rmSync(path(name), { force: true });
      writeFileSync(path(name), content);
    }
  });

  it("renews what identifies the machine, and removes logs, history and what Caddy has kept", () => {
    const said = succeeds();
    isHandedOver();
    assert.deepEqual(said.match(/^HOST_KEY .*/gm)!.sort(), ["ecdsa", "ed25519", "rsa"].map((kind) => `HOST_KEY ${read(`etc/ssh/ssh_host_${kind}_key.pub`).split(" ").slice(0, 2).join(" ")}`));
    assert.ok(calls().includes("reload-or-restart ssh"));
  });

  it("is not done again: by then logs and history are the user's", () => {
    const first = succeeds();
    for (const name of ["var/log/syslog", "root/.bash_history"]) writeFileSync(path(name), "of alice");
    const before = { id: read("etc/machine-id"), key: read("etc/ssh/ssh_host_ecdsa_key"), calls: calls() };
    const second = succeeds();
    assert.deepEqual({ id: read("etc/machine-id"), key: read("etc/ssh/ssh_host_ecdsa_key"), calls: calls() }, before);
    assert.deepEqual([read("var/log/syslog"), read("root/.bash_history")], ["of alice", "of alice"]);
    assert.deepEqual(second.match(/^HOST_KEY .*/gm), first.match(/^HOST_KEY .*/gm));
  });

  it("is done anew for another owner", () => {
    succeeds();
    const id = read("etc/machine-id");
    succeeds(renderHandoverScript({ ...VALUES, order: "order-2" }));
    assert.notEqual(read("etc/machine-id"), id);
    assert.equal(read("etc/spoq/handover"), "order-2\n");
  });

  it("killed before any of its commands and run again, ends the same", () => {
    succeeds(killedBefore(1_000_000));
    const commands = read("commands").length;
    isHandedOver();
    const whole = fileSystem();
    assert.ok(commands > 60, `${commands} commands`);
    // Each part of the way, and both of its ends.
    for (let command = 1; command <= commands; command += command < 12 || command > commands - 12 ? 1 : 8) {
      for (const name of ["commands", "calls", "etc/spoq", "etc/ssh", "var/log", "run/log", "tmp", "var/tmp", "home/spoq", "root"]) rmSync(path(name), { recursive: true, force: true });
      for (const [name, content] of Object.entries(BEFORE)) {
        mkdirSync(dirname(path(name)), { recursive: true });
        rmSync(path(name), { force: true });
        writeFileSync(path(name), content);
      }
      const { status } = run(killedBefore(command));
      if (command < commands - 12) assert.notEqual(status, 0, `not killed before command ${command}`);
      succeeds();
      isHandedOver();
      assert.deepEqual(fileSystem(), whole, `killed before command ${command}`);
    }
  });

  it("waits until the first boot has ended: what that is at work with is among what is removed", () => {
    writeFileSync(path("post_install"), "of the pool");
    writeFileSync(path("first-boot"), "3");
    succeeds();
    assert.equal(read("sleep-calls"), "5\n5\n5\n");
    isHandedOver();
  });

  it("removes nothing where the first boot does not end", () => {
    writeFileSync(path("post_install"), "of the pool");
    const whole = fileSystem();
    const { status, stderr } = run(renderHandoverScript(VALUES));
    assert.equal(status, 1);
    assert.match(stderr, /HANDOVER_FAILED: the post-install script has not come to its end\. Next: /);
    assert.deepEqual(fileSystem(), whole);
    assert.deepEqual([read("post_install"), read("post_install.log"), read("etc/machine-id")], ["of the pool", "of the pool", `${OLD_ID}\n`]);
  });

  it("says what went wrong, and goes on from there", () => {
    rmSync(path("stubs/ssh-keygen"));
    const { status, stderr } = run(renderHandoverScript(VALUES));
    assert.equal(status, 1);
    assert.match(stderr, /HANDOVER_FAILED: renew_host_keys went wrong\. Next: /);
    assert.equal(read("etc/ssh/ssh_host_ecdsa_key"), "old private", "the machine has keys at any time");
    const id = read("etc/machine-id");
    writeFileSync(path("stubs/ssh-keygen"), `#!/bin/bash\n${STUBS["ssh-keygen"]}\nexit 0\n`);
    chmodSync(path("stubs/ssh-keygen"), 0o755);
    succeeds();
    isHandedOver();
    assert.equal(read("etc/machine-id"), id, "what was done is not done twice");
  });
});
