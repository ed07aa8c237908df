import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { engineFolder, fillEngineFolder } from "../../../src/install-pulumi/cache.ts";
import { engineEnvironment } from "../../../src/install-pulumi/engine-environment.ts";
import { ensureEngine, preparePulumiHome } from "../../../src/install-pulumi/ensure-engine.ts";
import { scratch, type Scratch } from "./scratch.ts";

const run = promisify(execFile);

const engineFiles = async (folder: string) => {
  for (const name of ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"]) {
    await writeFile(join(folder, name), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  }
  return undefined;
};

/** Nothing is reachable: downloads go to a closed port, fetching plugins fails at once, no Go on PATH. */
async function ensure(folder: Scratch, path = "bin") {
  const progress: string[] = [];
  const cacheDir = join(folder.path, "cache");
  for (const made of [cacheDir, join(folder.path, "checkout")]) await mkdir(made, { recursive: true });
  await writeFile(join(cacheDir, "plugins-not-fetched.json"), JSON.stringify({ at: Date.now() }));
  const env = { HOME: folder.path, PATH: join(folder.path, path), PULUMI_DOWNLOAD_URL: "http://127.0.0.1:1" };
  const started = performance.now();
  const engine = await ensureEngine({ env, cacheDir, checkout: join(folder.path, "checkout"), onProgress: (line) => progress.push(line) });
  return { engine, progress, durationMs: performance.now() - started };
}

const IS_ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;

/** In a process that is nobody's where the tests are root's; with a proxy that refuses at once. @returns the folder for PATH */
async function ensureAsOther(folder: string, compiled: string): Promise<string> {
  const sources = join(import.meta.dirname, "..", "..", "..", "src", "install-pulumi");
  const env = { HOME: "/nonexistent", PATH: "/nonexistent", NODE_COMPILE_CACHE: compiled, HTTPS_PROXY: "http://127.0.0.1:1" };
  const script = `
    await import("undici");
    const { ensureEngine } = await import(${JSON.stringify(join(sources, "ensure-engine.ts"))});
    ${IS_ROOT ? `process.setuid(${NOBODY});` : ""}
    const { binDir } = await ensureEngine({ env: ${JSON.stringify(env)}, cacheDir: ${JSON.stringify(join(folder, "cache"))}, checkout: ${JSON.stringify(join(folder, "checkout"))} });
    console.log(binDir);`;
  const { stdout } = await run(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script], { cwd: sources });
  return stdout.trim();
}

describe("ensureEngine", () => {
  it("takes a cached engine without calling anything, and quickly", async () => {
    await using folder = await scratch();
    const cached = await engineFolder(join(folder.path, "cache"));
    await fillEngineFolder(cached, "built", engineFiles);
    const { engine } = await ensure(folder);
    const home = join(folder.path, "checkout", ".user-vps", "pulumi-home");
    const binDir = join(folder.path, "checkout", ".user-vps", "bin");
    assert.deepEqual(engine, {
      version: "3.274.1",
      binDir,
      source: "cache",
      standIns: true,
      pluginsDir: join(home, "plugins"),
      env: { PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_DIY_BACKEND_PARALLEL: "1", PULUMI_DIY_BACKEND_NO_LEGACY_WARNING: "true", PULUMI_DIY_BACKEND_GZIP: "false", PULUMI_DIY_BACKEND_ZSTD: "false", PULUMI_DIY_BACKEND_LEGACY_LAYOUT: "false", PULUMI_LOG_ROTATION_MAX_AGE_DAYS: "2", PULUMI_LOG_ROTATION_MAX_TOTAL_MB: "50", GOGC: "800", GOMEMLIMIT: "300MiB", NODE_COMPILE_CACHE: join(folder.path, "cache", "compile-cache"), PULUMI_HOME: home, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" },
    });
    assert.equal(await readlink(join(binDir, "pulumi-language-nodejs")), join(cached, "pulumi-language-nodejs"));
    assert.equal((await stat(join(binDir, "pulumi"))).ino, (await stat(join(cached, "pulumi"))).ino, "one file with two names");
    assert.equal((await run(join(binDir, "node"), ["-p", "process.execPath"])).stdout.trim(), process.execPath);

    const again = await ensure(folder);
    assert.deepEqual(again.engine, engine);
    assert.deepEqual(again.progress, []);
    assert.ok(again.durationMs < 10_000, `took ${again.durationMs} ms`);
  });

  it("prefers an installed engine that is new enough, and gives it the script that it lacks", async () => {
    await using folder = await scratch();
    await fillEngineFolder(await engineFolder(join(folder.path, "cache")), "built", engineFiles);
    await folder.script("installed/pulumi", "echo v3.275.1");
    await folder.script("installed/pulumi-language-nodejs", "");
    const { engine } = await ensure(folder, "installed");
    assert.equal(engine.source, "path");
    assert.equal(engine.version, "3.275.1");
    assert.equal(await readFile(join(engine.binDir, "pulumi"), "utf8"), await readFile(join(folder.path, "installed", "pulumi"), "utf8"));
    assert.match(await readFile(join(engine.binDir, "pulumi-resource-pulumi-nodejs"), "utf8"), /providers\/dynamic\/main\.ts/);
  });

  it("takes the engine's file anew when it has changed", async () => {
    await using folder = await scratch();
    const cached = await engineFolder(join(folder.path, "cache"));
    await fillEngineFolder(cached, "built", engineFiles);
    const { engine } = await ensure(folder);
    await rm(join(cached, "pulumi"));
    await writeFile(join(cached, "pulumi"), "#!/bin/sh\nexit 2\n# another\n", { mode: 0o755 });
    await ensure(folder);
    assert.match(await readFile(join(engine.binDir, "pulumi"), "utf8"), /another/);
  });

  it("is right however many prepare at once", async () => {
    await using folder = await scratch();
    await fillEngineFolder(await engineFolder(join(folder.path, "cache")), "built", engineFiles);
    const found = await Promise.all(Array.from({ length: 8 }, () => ensure(folder)));
    for (const { engine } of found) assert.deepEqual(engine, found[0]?.engine);
  });

  it("serves a user who may write nowhere, once that user has made it: so in the container image", async () => {
    await using folder = await scratch();
    const [cache, checkout] = [join(folder.path, "cache"), join(folder.path, "checkout")];
    await fillEngineFolder(await engineFolder(cache), "built", engineFiles);
    await mkdir(join(checkout, ".user-vps"), { recursive: true });
    const record = join(cache, "plugins-not-fetched.json");
    await writeFile(record, JSON.stringify({ at: Date.now() }));
    await chmod(folder.path, 0o755);
    await chmod(record, 0o644);
    if (!IS_ROOT) for (const closed of [checkout, join(checkout, ".user-vps")]) await chmod(closed, 0o555);
    if (IS_ROOT) await run("chown", ["-R", String(NOBODY), cache]);
    const made = await ensureAsOther(folder.path, "");
    assert.match(made, /\/cache\/checkout-[0-9a-f]{8}\/bin$/);
    // Long ago: the plugins are looked for again, and that cannot be noted.
    await writeFile(record, JSON.stringify({ at: 0 }));
    await (IS_ROOT ? run("chown", ["-R", "0", cache]) : run("chmod", ["-R", "a-w", cache]));
    try {
      assert.equal(await ensureAsOther(folder.path, "/tmp/another-compile-cache"), made);
    } finally {
      if (!IS_ROOT) await run("chmod", ["-R", "u+w", folder.path]);
    }
  });

  it("names the three ways and why each failed", async () => {
    await using folder = await scratch();
    await folder.script("bin/pulumi", "echo v3.100.0");
    await assert.rejects(ensure(folder), (error) => {
      assert.ok(error instanceof UserVpsError);
      assert.equal(error.code, "ENGINE_MISSING");
      assert.match(error.message, /on PATH: .*bin\/pulumi is v3\.100\.0, needed is 3\.270\.0/);
      assert.match(error.message, /download: 127\.0\.0\.1:1: /);
      assert.match(error.message, /build: 'go version' failed/);
      assert.match(error.next, /install Pulumi 3\.270\.0 .*PULUMI_DOWNLOAD_URL.*install Go 1\.26\.6/);
      return true;
    });
  });

  it("builds once when two need it at the same time", async () => {
    await using folder = await scratch();
    await folder.script("bin/go", `PATH=/usr/bin:/bin
[ "$1" = version ] && exit
echo "$2" >> ${folder.path}/builds; sleep 0.2
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\n' > "$2"; chmod +x "$2"`);
    const found = await Promise.all([ensure(folder), ensure(folder)]);
    assert.deepEqual(found.map(({ engine }) => engine.source).sort(), ["built", "cache"]);
    assert.match(found.flatMap(({ progress }) => progress).join("\n"), /waiting for process \d+ on .*, which prepares the Pulumi engine/);
  });
});

describe("engineEnvironment", () => {
  it("puts the engine first on PATH and keeps the rest", () => {
    const env = engineEnvironment({ binDir: "/b", env: { PULUMI_HOME: "/h" } }, { PATH: "/usr/bin", PULUMI_HOME: "/other", LANG: "C" });
    assert.deepEqual(env, { PATH: "/b:/usr/bin", PULUMI_HOME: "/h", LANG: "C" });
  });
});

describe("preparePulumiHome", () => {
  it("gives a home of one's own the chosen plugins", async () => {
    await using folder = await scratch();
    const home = join(folder.path, "homes", "worker-1");
    for (let turn = 0; turn < 2; turn += 1) await preparePulumiHome(home, { pluginsDir: "/plugins" });
    assert.equal(await readlink(join(home, "plugins")), "/plugins");
  });

  it("leaves the engine no folder for logs of its own, also where an earlier version had one", async () => {
    await using folder = await scratch();
    await mkdir(join(folder.path, "logs", "old"), { recursive: true });
    await preparePulumiHome(folder.path, { pluginsDir: "/plugins" });
    assert.match(await readFile(join(folder.path, "logs"), "utf8"), /no logs/);
  });
});
