/** What `npm pack` makes, below a `node_modules` as npm puts it there: Node strips no types in such a place. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { sandboxEnvironment, trialDataFolder } from "../../src/cli/sandbox-env.ts";
import { binFolder } from "../../src/install-pulumi/bin-folder.ts";
import { cacheRoot } from "../../src/install-pulumi/cache.ts";
import { ensureEngine } from "../../src/install-pulumi/ensure-engine.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { atEnd } from "../support/at-end.ts";
import { until } from "../support/until.ts";

const run = promisify(execFile);
const CHECKOUT = resolve(import.meta.dirname, "..", "..");

describe("the packed archive, installed", async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "user-vps-packed-")));
  const installed = join(folder, "lib", "node_modules", "user-vps");
  const bin = join(folder, "bin", "user-vps");
  const home = join(folder, "home");
  const sandbox = await startSandbox({ dataDir: folder, bootMs: 100, scriptMs: 50, actionMs: 50 });
  afterAll(async () => {
    await sandbox.close();
    // A test takes the right to write from it, which only root can do without.
    if (existsSync(installed)) chmodSync(installed, 0o755);
    rmSync(folder, { recursive: true, force: true });
  });
  /** As a user has it whose own Node is another one, or none. */
  const environment = { HOME: home, PATH: "/usr/bin:/bin", XDG_CACHE_HOME: join(home, "cache") };
  const user = (args: string[], env: Readonly<Record<string, string>> = {}) => run(bin, args, { cwd: home, env: { ...environment, ...env }, timeout: 120_000, maxBuffer: 1 << 26 });

  beforeAll(async () => {
    for (const name of [dirname(installed), dirname(bin), home, join(folder, "state")]) mkdirSync(name, { recursive: true });
    const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: CHECKOUT });
    await run("tar", ["-xzf", join(folder, stdout.trim().split("\n").at(-1)!), "-C", folder]);
    cpSync(join(folder, "package"), installed, { recursive: true });
    symlinkSync(join(CHECKOUT, "node_modules"), join(installed, "node_modules"));
    symlinkSync(join(installed, "bin", "user-vps"), bin);
    // The engine is there already: it is not what is looked at here.
    mkdirSync(join(home, "cache", "user-vps"), { recursive: true });
    await ensureEngine();
    const cache = cacheRoot(process.env);
    for (const name of readdirSync(cache).filter((one) => /^engine-.*[0-9a-f]$|^plugins-not-fetched/.test(one))) symlinkSync(join(cache, name), join(home, "cache", "user-vps", name));
  });

  it("says its version and its commands, and nothing else", async () => {
    const { stdout, stderr } = await user(["--version"]);
    assert.deepEqual([stdout, stderr], ["0.1.0\n", ""]);
    assert.match((await user(["--help"])).stdout, /^ {2}doctor /m);
  });

  it("writes a first .env where it is started", async () => {
    assert.match((await user(["init"])).stdout, /\.env is written/);
    assert.equal(statSync(join(home, ".env")).mode & 0o777, 0o600);
  });

  it("gives other programs the typed client, as plain JavaScript", async () => {
    const program = `const { createClient, ApiRefusal, dataOf } = await import("user-vps/client");
      const client = createClient({ url: "http://service.invalid/", token: () => "t", fetch: async (request) => new Response(JSON.stringify({ error: { code: "VPS_NOT_FOUND", message: [request.url, request.headers.get("authorization")].join(" "), next: "n" } }), { status: 404, headers: { "content-type": "application/json" } }) });
      await dataOf(client.GET("/api/vps/status")).catch((error) => console.log(error instanceof ApiRefusal, error.code, error.status, error.message));`;
    const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", program], { cwd: dirname(dirname(installed)), env: environment });
    assert.deepEqual([stdout, stderr], ["true VPS_NOT_FOUND 404 http://service.invalid/api/vps/status Bearer t\n", ""]);
  });

  it("loads the SDK's packages after their version was asked for, as a slot does that has stand-ins", async () => {
    const program = `const { versionOf } = await import("./src/install-pulumi/needed-plugins.ts");
      const versions = [versionOf("cloudflare")];
      versions.push((await import("@pulumi/cloudflare/utilities.js")).getVersion());
      console.log(JSON.stringify(versions));`;
    const { stdout } = await run(process.execPath, ["--import", pathToFileURL(join(installed, "exports", "strip-types.js")).href, "--input-type=module", "-e", program], { cwd: installed, env: environment });
    const [cloudflare, ...loaded] = JSON.parse(stdout) as string[];
    assert.deepEqual(loaded, [cloudflare]);
  });

  it("simulates the world where it is started, for a service with a database of its own, until Ctrl-C", async () => {
    const world = spawn(bin, ["sandbox", "--json"], { cwd: home, env: environment, stdio: ["ignore", "pipe", "inherit"], timeout: 120_000 });
    atEnd(() => world.kill("SIGKILL"));
    const ended = once(world, "close");
    const [ready] = (await once(world.stdout.setEncoding("utf8"), "data")) as [string];
    const { envFile } = JSON.parse(ready) as { envFile: string };
    assert.equal(envFile, join(home, ".sandbox", "env"));
    const lines = readFileSync(envFile, "utf8").split("\n");
    assert.ok(lines.includes(`export USER_VPS_DATA_FOLDER='${trialDataFolder(dirname(envFile))}'`));
    assert.ok(lines.includes("export DATABASE_URL=''"));
    // As a terminal and npm send it.
    for (let time = 1; time <= 2; time += 1) world.kill("SIGINT");
    assert.deepEqual(await ended, [0, null]);
    assert.equal(existsSync(envFile), false);
  });

  it("brings a user's VPS up with the real engine, and writes nothing into the installed package", async () => {
    const before = readdirSync(installed).toSorted();
    chmodSync(installed, 0o555);
    const env = sandboxEnvironment(sandbox, { env: {} }, pathToFileURL(join(folder, "state")).href);
    const { stdout } = await user(["up", "karl", "--yes", "--json"], env);
    const { changes, outputs } = JSON.parse(stdout) as { changes: Record<string, number>; outputs: Record<string, unknown> };
    assert.ok(changes["create"]! >= 5, stdout);
    assert.equal(outputs["url"], "https://karl.spoq.dev");
    assert.deepEqual(readdirSync(installed).toSorted(), before);
  });

  it("has a watchdog beside a run, which removes the run's folder after kill -9", async () => {
    const temporary = join(folder, "temporary");
    mkdirSync(temporary);
    const env = { ...environment, ...sandboxEnvironment(sandbox, { env: {} }, pathToFileURL(join(folder, "state")).href), TMPDIR: temporary };
    const up = spawn(bin, ["up", "lena", "--yes", "--json"], { cwd: home, env, stdio: "ignore" });
    atEnd(() => up.kill("SIGKILL"));
    const watchdog = async () => {
      const { stdout } = await run("ps", ["-A", "-ww", "-o", "pid=,command="], { maxBuffer: 1 << 26 });
      return stdout.split("\n").filter((line) => line.includes("watchdog.ts ") && line.includes(join(temporary, "user-vps-cli-")))[0]?.trim().split(" ")[0];
    };
    const first = await until("a watchdog", watchdog);
    // So that the run does not end meanwhile, and no other watchdog takes the place of one that dies.
    up.kill("SIGSTOP");
    await sleep(2_000);
    assert.equal(await watchdog(), first);
    up.kill("SIGKILL");
    await until("the run's folder to be gone", () => !readdirSync(temporary).some((name) => name.startsWith("user-vps-cli-")));
  });

  it("has a dynamic provider that an engine can start which inherits nothing of the command line", async () => {
    const provider = spawn(join(binFolder(installed, join(home, "cache", "user-vps")), "pulumi-resource-pulumi-nodejs"), ["127.0.0.1:1"], { cwd: home, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    atEnd(() => provider.kill("SIGKILL"));
    const ended = once(provider, "close");
    let said = "";
    provider.stderr.setEncoding("utf8").on("data", (text) => { said += text; });
    const [port] = await Promise.race([once(provider.stdout.setEncoding("utf8"), "data"), ended.then(() => [said])]);
    assert.match(String(port), /^\d+\n$/);
    provider.kill("SIGKILL");
    await ended;
  });
});
