/** How the post-install script waits for whoever else works on the packages: real dpkg and apt, real locks, in a fresh Debian. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { renderPostInstallScript } from "../../stacks/post-install.ts";
import { needing } from "../support/needs.ts";
import { ORDINARY } from "../support/post-install-values.ts";
import { type Rootfs, unpackRootfs } from "../support/rootfs.ts";
import { until } from "../support/until.ts";

const FUNCTIONS = renderPostInstallScript(ORDINARY).split('echo "=== Spoq VPS Provisioning ==="')[0]!;
/** A package whose installation lasts until somebody removes a file. */
const SLOW = {
  control: "Package: slow\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.com>\nDescription: holds the locks for a while\n",
  postinst: "#!/bin/sh\ntouch /holding\nwhile [ -e /hold ]; do sleep 0.1; done\n",
};

let rootfs: Rootfs;
const path = (name: string) => join(rootfs.dir, name);

interface Ended {
  readonly status: number | null;
  readonly log: string;
}

/** The script's own functions, with other limits, and then a command. */
function start(command: string, { limitSeconds = 60 } = {}): { ended: Promise<Ended>; log: () => string } {
  const child = spawn("/usr/sbin/chroot", [rootfs.dir, "/bin/bash", "-s"], { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }, stdio: ["pipe", "pipe", "inherit"] });
  let log = "";
  child.stdout.setEncoding("utf8").on("data", (said: string) => { log += said; });
  child.stdin.end(`${FUNCTIONS}\nlock_limit_seconds=${limitSeconds}\nlock_look_seconds=0.1\ncurrent_step="1/12: system updates"\n${command}\n`);
  return { log: () => log, ended: once(child, "close").then(([status]) => ({ status: status as number | null, log })) };
}

/** dpkg itself, at work on a package. */
async function holdDpkg(): Promise<{ letGo(): Promise<void> }> {
  writeFileSync(path("hold"), "");
  rmSync(path("holding"), { force: true });
  const child = spawn("/usr/sbin/chroot", [rootfs.dir, "dpkg", "--force-all", "-i", "/slow.deb"], { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }, stdio: "ignore" });
  const ended = once(child, "close");
  await until("dpkg to be at work", () => existsSync(path("holding")));
  return {
    async letGo() {
      rmSync(path("hold"), { force: true });
      await ended;
    },
  };
}

describe("the post-install script's way to the packages", needing("rootfs"), () => {
  let hasProc = false;
  beforeAll(() => {
    rootfs = unpackRootfs();
    mkdirSync(path("slow/DEBIAN"), { recursive: true });
    for (const [name, content] of Object.entries(SLOW)) writeFileSync(path(`slow/DEBIAN/${name}`), content, { mode: 0o755 });
    assert.equal(rootfs.run(["dpkg-deb", "--build", "/slow", "/slow.deb"], { PATH: "/usr/bin:/bin" }).status, 0);
    hasProc = spawnSync("mount", ["-t", "proc", "proc", path("proc")]).status === 0;
    if (!hasProc) process.stderr.write("no /proc can be mounted here: that the holder is named by the script itself is not looked at, only that dpkg and apt name it\n");
  });
  beforeEach(() => {
    for (const name of ["hold", "holding"]) rmSync(path(name), { force: true });
  });
  afterAll(() => {
    if (hasProc) spawnSync("umount", [path("proc")]);
    rootfs?.remove();
  });

  it("has `dpkg --configure -a` wait for a dpkg that is at work, says who that is, and goes on when it has ended", async () => {
    const other = await holdDpkg();
    const { ended, log } = start("package_manager dpkg --force-confdef --force-confold --configure -a && echo went on");
    await until("the script to say what it waits for", () => /lock/.test(log()));
    assert.doesNotMatch(log(), /went on/);
    await other.letGo();
    const { status, log: said } = await ended;
    assert.equal(status, 0, said);
    assert.match(said, /went on\n$/);
    if (hasProc) assert.match(said, /^waiting: \/var\/lib\/dpkg\/lock-frontend is held by process \d+ \(dpkg --force-all -i \/slow\.deb/m);
    assert.doesNotMatch(said, /attempt/);
  });

  it("gives up when nobody lets go within the limit, and says that it may pass", async () => {
    const other = await holdDpkg();
    const { status, log } = await start("package_manager dpkg --configure -a", { limitSeconds: 1 }).ended;
    await other.letGo();
    assert.notEqual(status, 0);
    assert.match(log, /!!! What failed may pass: it is safe to run this again\n!!! Provisioning failed in step 1\/12: system updates \(exit status \d+\)\n$/);
    if (hasProc) assert.match(log, /The package manager is not free after 1 s: \/var\/lib\/dpkg\/lock-frontend is held by process \d+/);
  });

  describe("while another apt reads the package lists", () => {
    let server: Server;
    let answerNow: () => void;
    beforeAll(async () => {
      const held = new Promise<void>((resolve) => { answerNow = resolve; });
      server = createServer((_, response) => void held.then(() => response.writeHead(404).end()));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      writeFileSync(path("etc/apt/sources.list"), `deb [trusted=yes] http://127.0.0.1:${(server.address() as AddressInfo).port} ./\n`);
    });
    afterAll(() => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }));

    it("waits for the lock of the lists, which apt itself does not wait for", async () => {
      const other = spawn("/usr/sbin/chroot", [rootfs.dir, "apt-get", "update"], { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }, stdio: ["ignore", "pipe", "pipe"] });
      const otherSaid = text(other.stdout);
      await until("the other apt to hold the lock", () => existsSync(path("var/lib/apt/lists/lock")) && rootfs.run(["apt-get", "update"], { PATH: "/usr/bin:/bin", LC_ALL: "C" }).stderr.includes("Could not get lock /var/lib/apt/lists/lock"));
      // Without downloads, which would fail from this server.
      const { ended, log } = start("package_manager apt-get --print-uris update && echo went on");
      await until("the script to say what it waits for", () => /lists\/lock/.test(log()));
      assert.doesNotMatch(log(), /went on|attempt/);
      answerNow();
      await otherSaid;
      const { status, log: said } = await ended;
      assert.equal(status, 0, said);
      assert.match(said, /went on\n$/);
    });
  });
});
