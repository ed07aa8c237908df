/** The rendered release script, really run by `bash -s` as root in a fresh Debian root file system. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { renderReleaseScript } from "../../stacks/release.ts";
import { type Rootfs, rootfsObstacle, unpackRootfs } from "../support/rootfs.ts";

const obstacle = rootfsObstacle();
if (obstacle) console.error(`release-rootfs.test.ts is not run: ${obstacle}`);
const skip = obstacle !== undefined && !process.env["CI"] ? obstacle : false;

/**
 * Stand-ins for what needs the outside or a running system. A program's text says how it behaves:
 * `healthy`, `broken`, or `flaky`, which answers once after its start. systemctl starts what is installed.
 */
const STUBS = {
  curl: `
last="\${*: -1}"
if [ "$last" = http://localhost:8080/health ]; then
  grep -q healthy /running && exit 0
  grep -q flaky /running && echo broken > /running && exit 0
  exit 7
fi
while [ "$1" != -o ]; do shift; done
cp "/artefacts/\${last##*/}" "$2" || exit 22`,
  systemctl: `
echo "$*" >> /systemctl-calls
if [ -e /cut-off ]; then rm /cut-off; kill -9 "$PPID"; exit 0; fi
cp /usr/local/bin/conductor /running`,
  sleep: `
echo "$1" >> /sleep-calls
if [ -e /first-boot ] && [ "$(wc -l < /sleep-calls)" -ge "$(cat /first-boot)" ]; then rm -f /post_install; fi
exit 0`,
};

let rootfs: Rootfs;
const path = (name: string) => join(rootfs.dir, name);
const read = (name: string) => readFileSync(path(name), "utf8");
const calls = () => (existsSync(path("systemctl-calls")) ? read("systemctl-calls") : "");
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** The text is both the program and how it behaves. */
function released(text: string, { published = text, cli = false } = {}) {
  writeFileSync(path("artefacts/conductor"), published);
  writeFileSync(path("artefacts/spoq"), "cli 2");
  return renderReleaseScript({
    version: "2.0.0",
    conductor: { url: "https://downloads.example.com/conductor", sha256: sha256(text) },
    cli: cli ? { url: "https://downloads.example.com/spoq", sha256: sha256("cli 2") } : undefined,
  });
}

function run(script: string, command: readonly string[] = ["/bin/bash", "-s"]) {
  return rootfs.run(command, { PATH: "/stubs:/usr/sbin:/usr/bin:/sbin:/bin" }, script);
}

describe("the release script on a VPS", { skip }, () => {
  before(() => {
    rootfs = unpackRootfs();
    for (const folder of ["stubs", "artefacts", "run"]) mkdirSync(path(folder), { recursive: true });
    for (const [name, text] of Object.entries(STUBS)) {
      writeFileSync(path(`stubs/${name}`), `#!/bin/bash\n${text}\n`);
      chmodSync(path(`stubs/${name}`), 0o755);
    }
  });
  after(() => rootfs?.remove());
  beforeEach(() => {
    for (const name of ["post_install", "first-boot", "cut-off", "sleep-calls", "systemctl-calls", "usr/local/bin"]) rmSync(path(name), { recursive: true, force: true });
    mkdirSync(path("usr/local/bin"));
    for (const name of ["usr/local/bin/conductor", "running"]) writeFileSync(path(name), "conductor 1, healthy");
    writeFileSync(path("usr/local/bin/spoq"), "cli 1");
  });

  const isUnchanged = () => {
    assert.equal(read("usr/local/bin/conductor"), "conductor 1, healthy");
    assert.equal(read("running"), "conductor 1, healthy");
  };

  it("installs both programs, keeps the previous ones, and leaves nothing else behind", () => {
    const { status, stdout, stderr } = run(released("conductor 2, healthy", { cli: true }));
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^release 2\.0\.0: done$/m);
    assert.equal(read("running"), "conductor 2, healthy");
    assert.deepEqual(["conductor", "conductor.previous", "spoq", "spoq.previous"].map((name) => read(`usr/local/bin/${name}`)), ["conductor 2, healthy", "conductor 1, healthy", "cli 2", "cli 1"]);
    assert.equal(rootfs.run(["/bin/ls", "/usr/local/bin"], {}).stdout, "conductor\nconductor.previous\nspoq\nspoq.previous\n");
    assert.equal(rootfs.run(["/bin/ls", "/tmp"], {}).stdout, "");
    const { mode, uid, gid } = statSync(path("usr/local/bin/conductor"));
    assert.deepEqual([(mode & 0o7777).toString(8), uid, gid], ["755", 0, 0]);
  });

  it("finds everything installed when it runs again, and restarts nothing", () => {
    const script = released("conductor 2, healthy", { cli: true });
    run(script);
    rmSync(path("systemctl-calls"));
    assert.equal(run(script).status, 0);
    assert.equal(calls(), "");
    assert.equal(read("usr/local/bin/conductor.previous"), "conductor 1, healthy");
  });

  it("changes nothing when the checksum is another", () => {
    const { status, stderr } = run(released("conductor 2, healthy", { published: "something else, healthy" }));
    assert.equal(status, 1);
    assert.match(stderr, /^RELEASE_FAILED: release 2\.0\.0: conductor has another checksum .*nothing was changed\. Next: /m);
    isUnchanged();
    assert.equal(calls(), "");
  });

  it("changes nothing when one of the downloads fails", () => {
    const script = released("conductor 2, healthy", { cli: true });
    rmSync(path("artefacts/spoq"));
    const { status, stderr } = run(script);
    assert.equal(status, 1);
    assert.match(stderr, /RELEASE_FAILED: release 2\.0\.0: spoq cannot be downloaded; nothing was changed/);
    isUnchanged();
  });

  for (const behaviour of ["broken", "flaky"]) {
    it(`goes back to the previous Conductor when the new one is ${behaviour}, and leaves the CLI alone`, () => {
      const { status, stderr } = run(released(`conductor 2, ${behaviour}`, { cli: true }));
      assert.equal(status, 1);
      assert.match(stderr, /RELEASE_FAILED: release 2\.0\.0: Conductor was not healthy and was rolled back; the previous program runs and is healthy/);
      isUnchanged();
      assert.equal(calls(), "restart conductor\nrestart conductor\n");
      assert.equal(read("usr/local/bin/spoq"), "cli 1");
      assert.ok(!existsSync(path("usr/local/bin/conductor.unproven")));
    });
  }

  it("says so when the previous program is not healthy either", () => {
    for (const name of ["usr/local/bin/conductor", "running"]) writeFileSync(path(name), "conductor 1, broken");
    assert.match(run(released("conductor 2, broken")).stderr, /was rolled back, but the previous program does not answer either/);
  });

  for (const [behaviour, status] of [["healthy", 0], ["broken", 1]] as const) {
    it(`goes on after it was killed between installing and checking a Conductor that is ${behaviour}`, () => {
      const script = released(`conductor 2, ${behaviour}`);
      writeFileSync(path("cut-off"), "");
      assert.notEqual(run(script).status, 0);
      assert.equal(read("usr/local/bin/conductor"), `conductor 2, ${behaviour}`);
      assert.equal(read("running"), "conductor 1, healthy");
      assert.equal(run(script).status, status);
      assert.equal(read("running"), status === 0 ? "conductor 2, healthy" : "conductor 1, healthy");
      assert.equal(read("usr/local/bin/conductor.previous"), "conductor 1, healthy");
    });
  }

  it("comes to its end when the connection breaks", () => {
    run(released("conductor 2, healthy", { cli: true }), ["/bin/bash", "-c", "bash -s 2>&1 | true"]);
    assert.ok(!existsSync(path("usr/local/bin/conductor.unproven")));
    assert.deepEqual([read("running"), read("usr/local/bin/spoq")], ["conductor 2, healthy", "cli 2"]);
  });

  it("waits until the first boot has ended", () => {
    writeFileSync(path("post_install"), "");
    writeFileSync(path("first-boot"), "3");
    assert.equal(run(released("conductor 2, healthy")).status, 0);
    assert.match(read("sleep-calls"), /^5\n5\n5\n1\n/);
  });

  it("gives up, without a change, when the first boot does not end", () => {
    writeFileSync(path("post_install"), "");
    const { status, stderr } = run(released("conductor 2, healthy"));
    assert.equal(status, 1);
    assert.match(stderr, /RELEASE_FAILED: .*the post-install script has not come to its end\. Next: look at \/post_install\.log/);
    isUnchanged();
  });
});
