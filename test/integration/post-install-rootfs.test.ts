/** The rendered post-install script, really run by bash as root in a fresh Debian root file system. */

import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type PostInstallValues, renderPostInstallScript } from "../../stacks/post-install.ts";
import { HOSTILE, ORDINARY } from "../support/post-install-values.ts";
import { Machine, type Run } from "../support/rootfs-machine.ts";
import { breakApt, breakDownload, clearFaults, recordedInput, takeCalls } from "../support/rootfs-recorders.ts";
import { needing } from "../support/needs.ts";


const CADDY_KEY_URL = "https://dl.cloudsmith.io/public/caddy/stable/gpg.key";
const CADDY_LIST_URL = "https://dl.cloudsmith.io/public/caddy/stable/debian.deb.txt";

const tomlString = (value: string): string => JSON.stringify(value); // same escapes for the values used here

function checkFinishedMachine(machine: () => Machine, values: PostInstallValues): void {
  it("makes the user spoq with shell, home, sudo and exactly the given password", () => {
    const vm = machine();
    assert.match(vm.read("etc/passwd"), /^spoq:x:\d+:\d+::\/home\/spoq:\/bin\/bash$/m);
    assert.match(vm.run("id", "-nG", "spoq").stdout, /\bsudo\b/);
    assert.match(vm.access("home/spoq"), / spoq:spoq$/);
    assert.ok(vm.accepts(values.sshPassword));
    assert.ok(!vm.accepts(`${values.sshPassword}x`));
    assert.ok(!vm.accepts(values.sshPassword.slice(0, -1)));
  });

  it("gives spoq sudo without a password, in a file that sudo accepts", () => {
    const vm = machine();
    assert.equal(vm.read("etc/sudoers.d/spoq"), "spoq ALL=(ALL) NOPASSWD:ALL\n");
    assert.equal(vm.access("etc/sudoers.d/spoq"), "440 root:root");
    assert.equal(vm.run("visudo", "-c").status, 0);
    assert.match(vm.run("sudo", "-l", "-U", "spoq").stdout, /\(ALL\) NOPASSWD: ALL/);
  });

  it("configures Conductor, readable by its service and not by the world", () => {
    const vm = machine();
    assert.equal(vm.read("etc/conductor/config.toml"), [
      "[server]", 'host = "0.0.0.0"', "port = 8080", "",
      "[auth]", `owner_id = ${tomlString(values.ownerId)}`, `jwt_secret = ${tomlString(values.jwtSecret)}`, "",
    ].join("\n"));
    assert.equal(vm.access("etc/conductor/config.toml"), "640 root:spoq");
    assert.equal(vm.access("etc/conductor"), "750 root:spoq");
    const reads = (user: string) => vm.run("setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups", "cat", "/etc/conductor/config.toml").status;
    assert.equal(reads("spoq"), 0);
    assert.notEqual(reads("nobody"), 0);
  });

  it("installs the two programs, executable, from their URLs", () => {
    const vm = machine();
    for (const [name, url] of [["conductor", values.conductorUrl], ["spoq", values.cliUrl]] as const) {
      assert.equal(vm.read(`usr/local/bin/${name}`), `downloaded from ${url}\n`);
      assert.equal(vm.access(`usr/local/bin/${name}`), "755 root:root");
    }
  });

  it("leaves the marker file", () => {
    const vm = machine();
    assert.deepEqual(JSON.parse(vm.read("etc/spoq/vps.marker")), { vps: true, conductor: "http://localhost:8080", version: "1.0" });
    assert.equal(vm.access("etc/spoq/vps.marker"), "644 root:root");
    assert.equal(vm.access("etc/spoq"), "755 root:root");
  });

  it("writes the service's unit as the specification has it", () => {
    const vm = machine();
    assert.equal(vm.read("etc/systemd/system/conductor.service"), `[Unit]
Description=Spoq Conductor - AI Backend Service
After=network.target

[Service]
Type=simple
User=spoq
Group=spoq
ExecStart=/usr/local/bin/conductor --config /etc/conductor/config.toml
Restart=always
RestartSec=5
Environment="RUST_LOG=info"

[Install]
WantedBy=multi-user.target
`);
    assert.equal(vm.access("etc/systemd/system/conductor.service"), "644 root:root");
  });

  it("greets the user at login", () => {
    const vm = machine();
    const greeting = vm.run("bash", "--rcfile", "/home/spoq/.bashrc", "-i", "-c", "echo $PATH").stdout;
    assert.match(greeting, /║ {20}Welcome to Spoq! {23}║/);
    assert.match(greeting, /║ {4}spoq ask "your question" {2}- Ask AI anything {12}║/);
    assert.match(greeting, /^\/usr\/local\/bin:/m);
    assert.equal(vm.access("home/spoq/.bashrc"), "644 spoq:spoq");
  });

  it("greets nobody in a shell that is not interactive: scp, sftp and rsync read what it prints", () => {
    const { status, stdout } = machine().run("bash", "-c", ". /home/spoq/.bashrc; echo $PATH");
    assert.deepEqual([status, stdout.trimEnd().split("\n").length], [0, 1]);
    assert.match(stdout, /^\/usr\/local\/bin:/);
  });

  it("sets up Caddy's package source, which apt's own user can read, and the Caddyfile", () => {
    const vm = machine();
    const key = "usr/share/keyrings/caddy-stable-archive-keyring.gpg";
    assert.equal(vm.read(key), `dearmored:\ndownloaded from ${CADDY_KEY_URL}\n`);
    assert.equal(vm.access(key), "644 root:root");
    assert.equal(vm.read("etc/apt/sources.list.d/caddy-stable.list"), `downloaded from ${CADDY_LIST_URL}\n`);
    assert.equal(vm.access("etc/apt/sources.list.d/caddy-stable.list"), "644 root:root");
    assert.equal(vm.read("etc/caddy/Caddyfile"), `${values.hostname} {\n    reverse_proxy localhost:8080\n}\n`);
    assert.equal(vm.access("etc/caddy/Caddyfile"), "644 root:root");
  });

  it("leaves neither itself nor a readable log behind", () => {
    const vm = machine();
    assert.ok(!existsSync(vm.path("post_install")));
    assert.equal(statSync(vm.path("post_install.log")).mode & 0o777, 0o600);
    const left = [...vm.listing().keys()].filter((path) => path.endsWith(".new") || /^tmp\/./.test(path) || path.includes("pwned"));
    assert.deepEqual(left, []);
    assert.ok(!existsSync(vm.path("pwned")));
  });
}

for (const [kind, values] of Object.entries({ ordinary: ORDINARY, hostile: HOSTILE })) {
  describe(`the post-install script with ${kind} values, in a fresh Debian`, needing("rootfs"), () => {
    let vm: Machine;
    let first: Run;
    let calls: string[][];

    beforeAll(() => {
      vm = new Machine();
      first = vm.boot(renderPostInstallScript(values));
      calls = takeCalls(vm.dir);
    });
    afterAll(() => vm?.remove());

    it("succeeds, names its twelve steps and reports the two services", () => {
      assert.equal(first.status, 0, first.log);
      assert.deepEqual([...first.log.matchAll(/^=== step (\d+)\/12: \S/gm)].map((match) => Number(match[1])), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      assert.match(first.log, /^=== Spoq VPS Provisioning ===$/m);
      for (const word of ["began", "ended"]) assert.equal([...first.log.matchAll(new RegExp(`^${word} \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ${word === "ended" ? ", after \\d+ s" : ""}$`, "gm"))].length, 12, word);
      assert.match(first.log, /=== Provisioning Complete ===\nConductor: active\nCaddy: active\n$/);
    });

    checkFinishedMachine(() => vm, values);

    it("asks apt, systemd and the firewall for what the specification asks", () => {
      const of = (program: string) => calls.filter(([name]) => name === program).map((call) => call.slice(1).join(" "));
      assert.deepEqual(of("ufw"), ["allow 22", "allow 80", "allow 443", "--force enable"]);
      assert.deepEqual(of("systemctl"), [
        "daemon-reload", "enable conductor", "restart conductor", "enable caddy", "restart caddy", "is-active conductor", "is-active caddy",
      ]);
      assert.deepEqual(of("apt-get").map((args) => args.replace(/^-y (-o \S+ )+/, "")), [
        "update", "upgrade", "install curl jq ca-certificates gnupg sudo ufw",
        "install debian-keyring debian-archive-keyring apt-transport-https", "update", "install caddy",
      ]);
      assert.deepEqual(calls.filter(([name]) => name === "curl").map((call) => call.at(-1)), [values.conductorUrl, values.cliUrl, CADDY_KEY_URL, CADDY_LIST_URL]);
    });

    it("shows its secrets neither in arguments nor in the log nor to other programs", () => {
      const shown = [...calls.flat(), recordedInput(vm.dir), first.log].join("\n");
      assert.ok(shown.includes("chpasswd"));
      for (const secret of [values.sshPassword, values.jwtSecret, tomlString(values.jwtSecret).slice(1, -1)]) {
        assert.ok(!shown.includes(secret));
      }
    });

    it("changes nothing when it is run a second time", () => {
      const before = vm.listing();
      assert.ok(before.size > 1000);
      const second = vm.boot(renderPostInstallScript(values));
      assert.equal(second.status, 0, second.log);
      assert.deepEqual(vm.listing(), before);
      assert.ok(vm.accepts(values.sshPassword));
    });
  });
}

describe("the post-install script when something fails", needing("rootfs"), () => {
  let vm: Machine;
  const script = renderPostInstallScript(ORDINARY);

  beforeAll(() => {
    vm = new Machine();
  });
  afterAll(() => vm?.remove());

  it("tries again when apt fails, gives up after five times, and says that it may pass", () => {
    breakApt(vm.dir, 5);
    const { status, log } = vm.boot(script);
    assert.notEqual(status, 0);
    assert.match(log, /!!! What failed may pass: it is safe to run this again\n!!! Provisioning failed in step 1\/12: system updates \(exit status 100\)\n$/);
    const calls = takeCalls(vm.dir);
    assert.equal(calls.filter(([name]) => name === "apt-get").length, 5);
    assert.deepEqual(calls.filter(([name]) => name === "sleep"), [["sleep", "10"], ["sleep", "20"], ["sleep", "30"], ["sleep", "40"]]);
    clearFaults(vm.dir);
  });

  it("stops at a failed download, says in which step, and stays there for root alone", () => {
    breakApt(vm.dir, 2);
    breakDownload(vm.dir, ORDINARY.cliUrl, "curl-fails");
    const { status, log } = vm.runAgain();
    assert.equal(status, 22);
    assert.match(log, /curl: \(22\) 404\n!!! Provisioning failed in step 8\/12: Spoq CLI \(exit status 22\)\n$/);
    assert.equal(vm.access("post_install"), "600 root:root");
    assert.equal(vm.access("post_install.log"), "600 root:root");
    assert.ok(!existsSync(vm.path("usr/local/bin/spoq")));
    clearFaults(vm.dir);
  });

  it("does not install an empty download", () => {
    breakDownload(vm.dir, ORDINARY.cliUrl, "curl-empty");
    const { status, log } = vm.runAgain();
    assert.equal(status, 1);
    assert.match(log, /The download is empty\.\n!!! Provisioning failed in step 8\/12: Spoq CLI/);
    assert.ok(!existsSync(vm.path("usr/local/bin/spoq")));
    clearFaults(vm.dir);
  });

  it("finishes when it is run again after the cause is gone", () => {
    const { status, log } = vm.runAgain();
    assert.equal(status, 0, log);
    assert.match(log, /=== Provisioning Complete ===/);
  });

  checkFinishedMachine(() => vm, ORDINARY);

  it("takes the system's own Caddy where the repository of its makers refuses", () => {
    breakDownload(vm.dir, CADDY_LIST_URL, "curl-fails");
    takeCalls(vm.dir);
    const { status, log } = vm.boot(script);
    assert.equal(status, 0, log);
    assert.match(log, /taking the system's own package/);
    assert.ok(!existsSync(vm.path("etc/apt/sources.list.d/caddy-stable.list")), "or every later update of the VPS would fail");
    const apt = takeCalls(vm.dir).filter(([name]) => name === "apt-get").map((call) => call.slice(1).join(" ").replace(/^-y (-o \S+ )+/, ""));
    assert.deepEqual(apt.slice(-2), ["update", "install caddy"]);
    clearFaults(vm.dir);
  });

  it("opens the SSH port that is configured, and puts e-mail and authority on top of the Caddyfile, for root and Caddy alone", () => {
    takeCalls(vm.dir);
    vm.run("groupadd", "caddy");
    const acme = { acmeEmail: "ops@example.com", acmeCa: "https://acme.example.com/dir", acmeEabKeyId: "fake-id", acmeEabMacKey: "fake-key" };
    const { status, log } = vm.boot(renderPostInstallScript({ ...ORDINARY, sshPort: 2222, acme }));
    assert.equal(status, 0, log);
    assert.deepEqual(takeCalls(vm.dir).filter(([name]) => name === "ufw").map((call) => call.slice(1).join(" ")), ["allow 2222", "allow 80", "allow 443", "--force enable"]);
    assert.match(vm.read("etc/caddy/Caddyfile"), new RegExp(`^# Set by user-vps.*\n\\{\n    email ops@example.com\n    acme_ca https://acme.example.com/dir\n    acme_eab \\{\n        key_id fake-id\n        mac_key fake-key\n    \\}\n\\}\n#.*\n${ORDINARY.hostname} \\{\n    reverse_proxy localhost:8080\n\\}\n$`));
    assert.equal(vm.access("etc/caddy/Caddyfile"), "640 root:caddy");
    assert.doesNotMatch(log, /fake-key/);
  });

  it("takes the longest password that the renderer lets through", () => {
    const sshPassword = "é".repeat(255) + "x";
    assert.equal(vm.boot(renderPostInstallScript({ ...ORDINARY, sshPassword })).status, 0);
    assert.ok(vm.accepts(sshPassword));
    assert.ok(!vm.accepts(sshPassword.slice(0, -1)));
  });
});
