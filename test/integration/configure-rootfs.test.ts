/** The rendered script for new credentials and another host name, really run by `bash -s` as root in a fresh Debian root file system. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { caddyOptions } from "../../stacks/acme.ts";
import { renderConfigureScript } from "../../stacks/configure.ts";
import { needing } from "../support/needs.ts";
import { type Rootfs, unpackRootfs } from "../support/rootfs.ts";


const VALUES = { hostname: "alice.spoq.dev", bootHostname: "alice.spoq.dev", sshPassword: "fake-Password-2", ownerId: "user_alice", jwtSecret: "fake-jwt-secret-2", isInstalledWithThese: false };
const HOSTILE = "p'a\"s$s`w\\o$(rd) é✓ # ; & | < > {} ! \\1 %s __HOSTNAME__";
const CONFIG = `[server]
host = "0.0.0.0"
port = 8080

[auth]
owner_id = "user_alice"
  jwt_secret = "fake-jwt-secret-1"

[own]
jwt_secret = "of the user's own"
`;
const CADDYFILE = `alice.spoq.dev {
    reverse_proxy localhost:8080
}
# alice.spoq.dev stays in this line
own.example.com {
    respond "alice.spoq.dev"
}
`;
/** Stand-ins for what needs a running system; they write down what they were asked for. */
const STUBS = {
  systemctl: `echo "$*" >> /systemctl-calls
if [ -e /broken ]; then exit 1; fi
if [ -e /cut-off ]; then rm /cut-off; kill -9 "$PPID"; fi`,
  sleep: `echo "$1" >> /sleep-calls
if [ -e /first-boot ] && [ "$(wc -l < /sleep-calls)" -ge "$(cat /first-boot)" ]; then rm -f /post_install; fi`,
};

let rootfs: Rootfs;
const path = (name: string) => join(rootfs.dir, name);
const read = (name: string) => readFileSync(path(name), "utf8");
const calls = () => (existsSync(path("systemctl-calls")) ? read("systemctl-calls").trim().split("\n") : []);
const config = () => read("etc/conductor/config.toml");
const caddyfile = () => read("etc/caddy/Caddyfile");

function run(changes: Partial<typeof VALUES> = {}) {
  return rootfs.run(["/bin/bash", "-s"], { PATH: "/stubs:/usr/sbin:/usr/bin:/sbin:/bin" }, renderConfigureScript({ ...VALUES, ...changes }));
}

function succeeds(changes: Partial<typeof VALUES> = {}): void {
  const { status, stdout, stderr } = run(changes);
  assert.equal(status, 0, stdout + stderr);
}

function hashOfSpoq(): string {
  return /^spoq:([^:]*):/m.exec(read("etc/shadow"))?.[1] ?? "";
}

function accepts(password: string): boolean {
  const check = "my $hash = (getpwnam 'spoq')[1]; local $/; my $given = <STDIN>; exit(crypt($given, $hash) eq $hash ? 0 : 1)";
  return rootfs.run(["/usr/bin/perl", "-e", check], {}, password).status === 0;
}

describe("the configuration script on a VPS", needing("rootfs"), () => {
  beforeAll(() => {
    rootfs = unpackRootfs();
    for (const folder of ["stubs", "run", "etc/conductor", "etc/caddy", "etc/spoq"]) mkdirSync(path(folder), { recursive: true });
    for (const [name, text] of Object.entries(STUBS)) {
      writeFileSync(path(`stubs/${name}`), `#!/bin/bash\n${text}\nexit 0\n`);
      chmodSync(path(`stubs/${name}`), 0o755);
    }
    assert.equal(rootfs.run(["/usr/sbin/useradd", "-m", "spoq"], {}).status, 0);
  });
  afterAll(() => rootfs?.remove());
  beforeEach(() => {
    for (const name of ["post_install", "first-boot", "broken", "cut-off", "sleep-calls", "systemctl-calls", "etc/spoq"]) rmSync(path(name), { recursive: true, force: true });
    writeFileSync(path("etc/conductor/config.toml"), CONFIG);
    rootfs.run(["/bin/chown", "root:spoq", "/etc/conductor/config.toml"], {});
    chmodSync(path("etc/conductor/config.toml"), 0o640);
    writeFileSync(path("etc/caddy/Caddyfile"), CADDYFILE);
  });

  it("sets the password and Conductor's secret, changes no other line, and restarts Conductor alone", () => {
    const owner = statSync(path("etc/conductor/config.toml")).gid;
    succeeds();
    assert.ok(accepts(VALUES.sshPassword));
    assert.equal(config(), CONFIG.replace('  jwt_secret = "fake-jwt-secret-1"', 'jwt_secret = "fake-jwt-secret-2"'));
    const { mode, uid, gid } = statSync(path("etc/conductor/config.toml"));
    assert.deepEqual([(mode & 0o7777).toString(8), uid, gid], ["640", 0, owner]);
    assert.equal(caddyfile(), CADDYFILE);
    assert.deepEqual(calls(), ["restart conductor"]);
    assert.equal(rootfs.run(["/bin/ls", "/etc/conductor", "/etc/caddy", "/etc/spoq"], {}).stdout, "/etc/caddy:\nCaddyfile\n\n/etc/conductor:\nconfig.toml\n\n/etc/spoq:\njwt-secret.set\npassword.set\n");
  });

  it("restarts nothing when it runs again, and says nothing of what it was given", () => {
    const first = run();
    rmSync(path("systemctl-calls"));
    const second = run();
    assert.deepEqual([second.status, calls()], [0, []]);
    for (const said of [first, second]) assert.doesNotMatch(said.stdout + said.stderr, /fake-/);
  });

  it("leaves a password and a secret that the user has changed since, until others are declared", async () => {
    succeeds();
    const own = "fake-Password-of-my-own";
    rootfs.run(["/usr/sbin/chpasswd"], {}, `spoq:${own}\n`);
    writeFileSync(path("etc/conductor/config.toml"), config().replace("fake-jwt-secret-2", "fake-jwt-secret-of-my-own"));
    rmSync(path("systemctl-calls"));
    succeeds({ hostname: "alicia.spoq.dev" });
    assert.ok(accepts(own));
    assert.match(config(), /^jwt_secret = "fake-jwt-secret-of-my-own"$/m);
    succeeds({ hostname: "alicia.spoq.dev", ownerId: "user_bob" });
    assert.match(config(), /^owner_id = "user_bob"\njwt_secret = "fake-jwt-secret-of-my-own"$/m);
    succeeds({ hostname: "alicia.spoq.dev", ownerId: "user_bob", sshPassword: "fake-Password-3", jwtSecret: "fake-jwt-secret-3" });
    assert.ok(accepts("fake-Password-3"));
    assert.match(config(), /^jwt_secret = "fake-jwt-secret-3"$/m);
    succeeds();
    assert.ok(accepts(VALUES.sshPassword), "an earlier one that is declared again is another than the last");
    assert.match(config(), /^jwt_secret = "fake-jwt-secret-2"$/m);
  });

  it("leaves a password and a secret that the user has changed since the first boot, which has set these, until others are declared", () => {
    const installed = { hostname: "alicia.spoq.dev", sshPassword: "fake-Password-1", jwtSecret: "fake-jwt-secret-1", isInstalledWithThese: true };
    const own = "fake-Password-of-my-own";
    rootfs.run(["/usr/sbin/chpasswd"], {}, `spoq:${own}\n`);
    writeFileSync(path("etc/conductor/config.toml"), CONFIG.replace("fake-jwt-secret-1", "fake-jwt-secret-of-my-own"));
    for (const hostname of [installed.hostname, "alba.spoq.dev"]) {
      succeeds({ ...installed, hostname });
      assert.ok(accepts(own));
      assert.match(config(), /jwt_secret = "fake-jwt-secret-of-my-own"/);
    }
    assert.deepEqual(calls(), ["restart caddy", "restart caddy"]);
    succeeds({ hostname: "alba.spoq.dev" });
    assert.ok(accepts(VALUES.sshPassword));
    assert.match(config(), /^jwt_secret = "fake-jwt-secret-2"$/m);
  });

  it("remembers of password and secret nothing but their SHA-256, for root alone", () => {
    succeeds();
    for (const [name, value] of [["password.set", VALUES.sshPassword], ["jwt-secret.set", VALUES.jwtSecret]] as const) {
      const { mode, uid } = statSync(path(`etc/spoq/${name}`));
      assert.deepEqual([read(`etc/spoq/${name}`).split(" ")[0], (mode & 0o7777).toString(8), uid], [createHash("sha256").update(value).digest("hex"), "600", 0]);
    }
  });

  it("takes values with anything in them, as they are", () => {
    succeeds({ sshPassword: HOSTILE, jwtSecret: HOSTILE, ownerId: HOSTILE });
    assert.ok(accepts(HOSTILE));
    for (const name of ["jwt_secret", "owner_id"]) {
      const [, body = ""] = new RegExp(`^${name} = "(.*)"$`, "m").exec(config()) ?? [];
      assert.equal(JSON.parse(`"${body}"`), HOSTILE);
    }
  });

  it("makes a VPS that was taken over the new owner's, in the line of the owner alone", () => {
    const before = `${CONFIG}owner_id = "of the user's own"\n`;
    writeFileSync(path("etc/conductor/config.toml"), before);
    succeeds({ ownerId: "user_bob" });
    assert.equal(config(), before.replace('owner_id = "user_alice"', 'owner_id = "user_bob"').replace('  jwt_secret = "fake-jwt-secret-1"', 'jwt_secret = "fake-jwt-secret-2"'));
    assert.deepEqual(calls(), ["restart conductor"]);
  });

  it("gives the site another name, and another, and the first one back, in the line of the site alone", () => {
    succeeds();
    rmSync(path("systemctl-calls"));
    for (const hostname of ["alicia.spoq.dev", "alba.spoq.dev", "alice.spoq.dev"]) {
      succeeds({ hostname });
      assert.equal(caddyfile(), CADDYFILE.replace("alice.spoq.dev {", `${hostname} {`));
      assert.equal(read("etc/spoq/hostname"), `${hostname}\n`);
    }
    assert.deepEqual(calls(), ["restart caddy", "restart caddy", "restart caddy"]);
  });

  it("restarts what was changed by a run that was killed before it could", () => {
    writeFileSync(path("cut-off"), "");
    assert.notEqual(run({ hostname: "alicia.spoq.dev" }).status, 0);
    succeeds({ hostname: "alicia.spoq.dev" });
    assert.deepEqual(calls(), ["restart conductor", "restart conductor", "restart caddy"]);
    assert.match(caddyfile(), /^alicia\.spoq\.dev \{/);
  });

  it("leaves a site alone that the user has written in another way, as long as its name stays", () => {
    writeFileSync(path("etc/caddy/Caddyfile"), "https://alice.spoq.dev, www.example.com {\n}\n");
    succeeds({ sshPassword: "fake-Password-3" });
    assert.ok(accepts("fake-Password-3"));
    assert.equal(caddyfile(), "https://alice.spoq.dev, www.example.com {\n}\n");
  });

  const refused: [what: string, prepare: () => void, message: RegExp][] = [
    ["Caddy serves another site by now", () => writeFileSync(path("etc/caddy/Caddyfile"), "other.example.com {\n}\n"), /Caddyfile serves neither alice\.spoq\.dev nor alicia\.spoq\.dev\. Next: /],
    ["the secret's line is gone", () => writeFileSync(path("etc/conductor/config.toml"), '[auth]\nowner_id = "x"\n'), /config\.toml has no jwt_secret\. Next: /],
    ["the owner's line is gone", () => writeFileSync(path("etc/conductor/config.toml"), '[auth]\njwt_secret = "x"\n'), /config\.toml has no owner_id\. Next: /],
    ["a service does not start", () => writeFileSync(path("broken"), ""), /conductor does not start\. Next: look at 'journalctl -u conductor'/],
    ["the first boot does not end", () => writeFileSync(path("post_install"), ""), /the post-install script has not come to its end\. Next: /],
  ];
  for (const [what, prepare, message] of refused) {
    it(`says what to do when ${what}`, () => {
      prepare();
      const before = hashOfSpoq();
      const { status, stderr } = run({ hostname: "alicia.spoq.dev" });
      assert.equal(status, 1);
      if (what !== "a service does not start") assert.equal(hashOfSpoq(), before, "nothing is changed half-way");
      assert.match(stderr, new RegExp(`CONFIGURATION_FAILED: .*${message.source}`));
      assert.doesNotMatch(stderr, /fake-/);
    });
  }

  it("waits until the first boot has ended", () => {
    writeFileSync(path("post_install"), "");
    writeFileSync(path("first-boot"), "3");
    const before = hashOfSpoq();
    succeeds();
    assert.equal(read("sleep-calls"), "5\n5\n5\n");
    assert.notEqual(hashOfSpoq(), before);
  });

  it("puts e-mail and certificate authority on top of the Caddyfile, replaces only what it has set, and takes it away again", () => {
    const acme = { acmeEmail: "ops@example.com" };
    const withAcme = (changes: object) => {
      const { status, stdout, stderr } = rootfs.run(["/bin/bash", "-s"], { PATH: "/stubs:/usr/sbin:/usr/bin:/sbin:/bin" }, renderConfigureScript({ ...VALUES, ...changes }));
      assert.equal(status, 0, stdout + stderr);
      return stdout;
    };
    withAcme({ acme });
    assert.equal(caddyfile(), `${caddyOptions(acme)}${CADDYFILE}`);
    assert.ok(calls().includes("restart caddy"));
    const restarts = calls().length;
    withAcme({ acme });
    assert.equal(calls().length, restarts, "nothing to do the second time");
    withAcme({ acme: { acmeEmail: "others@example.com" } });
    assert.equal(caddyfile(), `${caddyOptions({ acmeEmail: "others@example.com" })}${CADDYFILE}`);
    withAcme({});
    assert.equal(caddyfile(), CADDYFILE);
  });

  it("does the rest on a VPS without a Caddyfile, and says that there is none", () => {
    rmSync(path("etc/caddy/Caddyfile"));
    const { status, stdout, stderr } = rootfs.run(["/bin/bash", "-s"], { PATH: "/stubs:/usr/sbin:/usr/bin:/sbin:/bin" }, renderConfigureScript({ ...VALUES, acme: { acmeEmail: "ops@example.com" } }));
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /there is no \/etc\/caddy\/Caddyfile: no e-mail and no certificate authority is set/);
    assert.ok(accepts(VALUES.sshPassword));
    assert.match(config(), /^jwt_secret = "fake-jwt-secret-2"$/m);
    assert.deepEqual([calls(), existsSync(path("etc/caddy/Caddyfile"))], [["restart conductor"], false]);
  });

  it("leaves a user's own options on top of the Caddyfile alone", () => {
    const own = `{\n    debug\n}\n${CADDYFILE}`;
    writeFileSync(path("etc/caddy/Caddyfile"), own);
    const { status, stdout } = rootfs.run(["/bin/bash", "-s"], { PATH: "/stubs:/usr/sbin:/usr/bin:/sbin:/bin" }, renderConfigureScript({ ...VALUES, acme: { acmeEmail: "ops@example.com" } }));
    assert.equal(status, 0);
    assert.match(stdout, /has options of its own/);
    assert.equal(caddyfile(), own);
  });
});
