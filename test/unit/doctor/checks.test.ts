import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { checkDisk } from "../../../src/doctor/disk.ts";
import { checkEngine } from "../../../src/doctor/engine.ts";
import { checkClock } from "../../../src/doctor/hostinger.ts";
import { checkNode } from "../../../src/doctor/node.ts";
import { checkPlugins } from "../../../src/doctor/plugins.ts";
import { neededPlugins } from "../../../src/install-pulumi/needed-plugins.ts";
import { STAND_IN_MARK } from "../../../src/install-pulumi/stand-in-plugins.ts";

describe("doctor's checks of this machine", () => {
  const folder = mkdtempSync(join(tmpdir(), "user-vps-doctor-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const nothing = { PATH: "", HOME: join(folder, "home"), XDG_CACHE_HOME: join(folder, "cache") };

  it("node: 22.18 and newer will do, older ones not", () => {
    assert.deepEqual(["v22.18.0", "v24.9.0", "v26.0.0"].map((version) => checkNode(version).result), ["ok", "ok", "ok"]);
    for (const version of ["v22.17.1", "v20.20.2", "v18.0.0"]) {
      const { result, mend } = checkNode(version);
      assert.equal(result, "failed");
      assert.match(mend!, /npm ci/);
    }
  });

  it("engine: none on PATH and none in the cache", async () => {
    const { result, found, mend } = await checkEngine(nothing);
    assert.equal(result, "failed");
    assert.match(found, /no pulumi on PATH/);
    assert.match(mend!, /npm run engine/);
  });

  it("engine: one on PATH that is new enough, and one that is not", async () => {
    const bin = join(folder, "bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "pulumi-language-nodejs"), "", { mode: 0o755 });
    const install = (version: string) => writeFileSync(join(bin, "pulumi"), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
    install("v3.274.1");
    const env = { ...nothing, PATH: bin };
    assert.deepEqual(await checkEngine(env), { check: "engine", result: "ok", found: `Pulumi 3.274.1 in ${bin}` });
    install("v3.9.0-old");
    assert.match((await checkEngine(env)).found, /is v3\.9\.0-old, needed is 3\.270\.0/);
  });

  it("plugins: stand-ins are enough for a sandbox on loopback and for nothing else", async () => {
    assert.equal((await checkPlugins({ ...nothing, CLOUDFLARE_BASE_URL: "http://127.0.0.1:4000/client/v4" })).result, "ok");
    for (const baseUrl of [undefined, "https://api.cloudflare.com/client/v4", "no address"]) {
      const { result, mend } = await checkPlugins({ ...nothing, CLOUDFLARE_BASE_URL: baseUrl });
      assert.equal(result, "failed");
      assert.match(mend!, /pulumi plugin install resource cloudflare/);
    }
  });

  it("plugins: the real ones, wholly unpacked", async () => {
    const home = join(folder, "pulumi-home");
    rmSync(home, { recursive: true, force: true });
    const env = { ...nothing, PULUMI_HOME: home };
    const folders = neededPlugins().map(({ name, version }) => join(home, "plugins", `resource-${name}-v${version}`));
    for (const one of folders) mkdirSync(one, { recursive: true });
    assert.equal((await checkPlugins(env)).result, "ok");
    writeFileSync(`${folders[0]}.partial`, "");
    assert.equal((await checkPlugins(env)).result, "failed");
    rmSync(`${folders[0]}.partial`);
    writeFileSync(join(folders[0]!, STAND_IN_MARK), "");
    assert.equal((await checkPlugins(env)).result, "failed");
  });

  it("clock: half a minute is tolerated, more is told with its direction", () => {
    assert.equal(checkClock(29_000).result, "ok");
    assert.equal(checkClock(-29_000).result, "ok");
    assert.match(checkClock(61_000).found, /^61 s behind/);
    assert.match(checkClock(-61_000).found, /^61 s ahead/);
  });

  it("disk: less than 1 GB free anywhere is told with the folder", async () => {
    const GB = 1024 ** 3;
    assert.equal((await checkDisk(nothing, async () => 5 * GB)).result, "ok");
    const { result, found, mend } = await checkDisk(nothing, async (place) => (place.startsWith(folder) ? 0.5 * GB : 5 * GB));
    assert.equal(result, "failed");
    assert.equal(found.match(/GB free/g)?.length, found.split(", ").length);
    assert.match(found, /^0\.5 GB free at .*cache/);
    assert.match(mend!, /XDG_CACHE_HOME/);
  });

  it("disk: with a database elsewhere, its folder here does not matter", async () => {
    const asked: string[] = [];
    const freeSpace = async (place: string) => { asked.push(place); return 1e12; };
    await checkDisk({ ...nothing, DATABASE_URL: "postgres://x@db.example.com/x", USER_VPS_DATA_FOLDER: "/data" }, freeSpace);
    assert.ok(!asked.includes("/data"));
    await checkDisk({ ...nothing, USER_VPS_DATA_FOLDER: "/data" }, freeSpace);
    assert.ok(asked.includes("/data"));
  });
});
