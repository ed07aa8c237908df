/** The rendered release script, really run by `bash -s` as root in a fresh Debian root file system. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { renderReleaseScript } from "../../stacks/release.ts";
import { needing } from "../support/needs.ts";
import { type Rootfs, unpackRootfs } from "../support/rootfs.ts";


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
[ -e "/artefacts/\${last##*/}" ] || exit 22
cp "/artefacts/\${last##*/}" "$2" || exit 23`,
  systemctl: `
ulimit -S -f unlimited
echo "$*" >> /systemctl-calls
if [ -e /fills-disk ]; then prlimit --pid "$PPID" --fsize=0: ; fi
if [ -e /cannot-restart ]; then exit 1; fi
cp /usr/local/bin/conductor /running`,
  seq: `
if [ -e /impatient ]; then set -- 1 4; fi
exec /usr/bin/seq "$@"`,
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

describe("the release script on a VPS", needing("rootfs"), () => {
  beforeAll(() => {
    rootfs = unpackRootfs();
    for (const folder of ["stubs", "artefacts", "run"]) mkdirSync(path(folder), { recursive: true });
    for (const [name, text] of Object.entries(STUBS)) {
      writeFileSync(path(`stubs/${name}`), `#!/bin/bash\n${text}\n`);
      chmodSync(path(`stubs/${name}`), 0o755);
    }
  });
  afterAll(() => rootfs?.remove());
  beforeEach(reset);

  function reset(): void {
    for (const name of ["post_install", "first-boot", "fills-disk", "cannot-restart", "impatient", "sleep-calls", "systemctl-calls", "usr/local/bin"]) rmSync(path(name), { recursive: true, force: true });
    mkdirSync(path("usr/local/bin"));
    for (const name of ["usr/local/bin/conductor", "running"]) writeFileSync(path(name), "conductor 1, healthy");
    writeFileSync(path("usr/local/bin/spoq"), "cli 1");
  }

  /** kill -9 before the change number `step` that the script makes to what is installed, and to what runs. */
  function killedAt(script: string, step: number): string {
    const isChange = 'case "$doing $BASH_COMMAND" in installing*" "@(rm|ln|mv|touch|systemctl)" "*) true ;; *) false ;; esac';
    const trap = `shopt -s extglob; set -T; step=0; trap 'if ${isChange}; then step=$((step + 1)); if [ $step -eq ${step} ]; then kill -9 $$; fi; fi' DEBUG`;
    return script.replace(/^main < /m, () => `${trap}\nmain < `);
  }

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
    assert.equal(rootfs.run(["/bin/ls", "-A", "/usr/local/bin", "/tmp"], {}).stdout, "/tmp:\n\n/usr/local/bin:\nconductor\nconductor.previous\nspoq\nspoq.previous\n");
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

  it("does not take the old Conductor, which goes on answering, for a new one that cannot be restarted", () => {
    writeFileSync(path("cannot-restart"), "");
    assert.match(run(released("conductor 2, healthy", { cli: true })).stderr, /RELEASE_FAILED: .*was rolled back, but the previous program does not answer either/);
    isUnchanged();
    assert.equal(read("usr/local/bin/spoq"), "cli 1");
  });

  it("changes nothing, and says why, when the disk is full", () => {
    const { status, stderr } = run(released("conductor 2, healthy"), ["/bin/bash", "-c", "ulimit -f 0; exec bash -s"]);
    assert.equal(status, 1);
    assert.match(stderr, /RELEASE_FAILED: release 2\.0\.0: conductor cannot be written; nothing was changed\. Next: make room/);
    isUnchanged();
    assert.equal(calls(), "");
  });

  it("needs no space to go back: a new Conductor that fills the disk is rolled back", () => {
    writeFileSync(path("fills-disk"), "");
    assert.match(run(released("conductor 2, broken")).stderr, /was rolled back; the previous program runs and is healthy/);
    isUnchanged();
  });

  it("says where it broke off when something else fails", () => {
    rmSync(path("usr/local/bin/conductor"));
    mkdirSync(path("usr/local/bin/conductor"));
    const { status, stderr } = run(released("conductor 2, healthy"));
    assert.equal(status, 1);
    assert.match(stderr, /RELEASE_FAILED: release 2\.0\.0: installing Conductor ended with exit code 1\. Next: look at the run's log/);
  });

  for (const behaviour of ["healthy", "broken"]) {
    it(`leaves whole programs wherever it is killed, and comes to the same end when it runs again: a Conductor that is ${behaviour}`, () => {
      const script = released(`conductor 2, ${behaviour}`, { cli: true });
      const back = renderReleaseScript({ version: "1.0.0", conductor: { url: "https://downloads.example.com/conductor-1", sha256: sha256("conductor 1, healthy") } });
      writeFileSync(path("artefacts/conductor-1"), "conductor 1, healthy");
      let kills = 0;
      for (const afterwards of [script, back]) {
        for (let step = 1; ; step++) {
          reset();
          writeFileSync(path("impatient"), "");
          const killed = run(killedAt(script, step)).status === null;
          const conductor = read("usr/local/bin/conductor");
          assert.ok([`conductor 2, ${behaviour}`, "conductor 1, healthy"].includes(conductor), `step ${step}: ${conductor}`);
          if (!killed) break;
          kills += 1;
          const { status, stderr } = run(afterwards);
          const isReleased = afterwards === script && behaviour === "healthy";
          assert.equal(status, afterwards === script && behaviour === "broken" ? 1 : 0, `step ${step}: ${stderr}`);
          assert.equal(read("running"), isReleased ? "conductor 2, healthy" : "conductor 1, healthy", `step ${step}`);
          assert.equal(read("usr/local/bin/conductor"), read("running"), `step ${step}`);
          if (afterwards === script) assert.equal(read("usr/local/bin/spoq"), isReleased ? "cli 2" : "cli 1", `step ${step}`);
          assert.ok(!existsSync(path("usr/local/bin/conductor.unproven")), `step ${step}`);
        }
      }
      assert.ok(kills >= 20, `${kills} kills`);
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
