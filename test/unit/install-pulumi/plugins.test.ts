import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "vitest";
import { neededPlugins } from "../../../src/install-pulumi/needed-plugins.ts";
import { choosePlugins } from "../../../src/install-pulumi/plugins.ts";
import { scratch, type Scratch } from "./scratch.ts";

/** A `pulumi` that notes its calls and fails to fetch; the overrides keep the test off the network. */
async function choose(folder: Scratch, env: NodeJS.ProcessEnv = {}, install = "echo 'no such host' >&2; exit 1") {
  const pulumi = await folder.script("bin/pulumi", `echo "$PULUMI_HOME $*" >> ${folder.path}/calls; ${install}`);
  const progress: string[] = [];
  const choice = await choosePlugins({
    compileCache: join(folder.path, "compile-cache"),
    env: { HOME: join(folder.path, "home"), PATH: "/usr/bin:/bin", PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES: ".*=https://mirror.example.com/plugins", ...env },
    checkout: join(folder.path, "checkout"),
    cacheRoot: join(folder.path, "cache"),
    pulumi,
    onProgress: (line) => progress.push(line),
  });
  return { choice, progress };
}

const calls = (folder: Scratch) => readFile(join(folder.path, "calls"), "utf8").catch(() => "");
const pluginFolders = (home: string) => neededPlugins().map(({ name, version }) => join(home, "plugins", `resource-${name}-v${version}`));

describe("choosePlugins", () => {
  it("takes the real ones that the user has installed, and asks nobody", async () => {
    await using folder = await scratch();
    const home = join(folder.path, "home", ".pulumi");
    for (const plugin of pluginFolders(home)) await mkdir(plugin, { recursive: true });
    const { choice } = await choose(folder);
    assert.deepEqual(choice, { standIns: false, pluginsFolder: join(home, "plugins"), pulumiHome: undefined });
    assert.equal(await calls(folder), "");
  });

  it("takes real ones on PATH", async () => {
    await using folder = await scratch();
    await folder.script("real/pulumi-resource-cloudflare", "");
    const { choice } = await choose(folder, { PATH: join(folder.path, "real") });
    assert.equal(choice.standIns, false);
  });

  it("does not take one that is only half unpacked", async () => {
    await using folder = await scratch();
    for (const plugin of pluginFolders(join(folder.path, "home", ".pulumi"))) {
      await mkdir(plugin, { recursive: true });
      await writeFile(`${plugin}.partial`, "");
    }
    assert.equal((await choose(folder)).choice.standIns, true);
  });

  it("fetches them into a home of its own where they can be had", async () => {
    await using folder = await scratch();
    const home = join(folder.path, "cache", "pulumi-home");
    const { choice } = await choose(folder, {}, `mkdir -p "$PULUMI_HOME/plugins/resource-$4-v$5"`);
    assert.deepEqual(choice, { standIns: false, pluginsFolder: join(home, "plugins"), pulumiHome: home });
    const [cloudflare] = neededPlugins();
    assert.equal(await calls(folder), `${home} plugin install resource cloudflare ${cloudflare?.version}\n`);
    assert.deepEqual((await choose(folder)).choice, choice, "and finds them there the next time");
  });

  it("installs stand-ins where they cannot be had, says so, and does not try again for a day", async () => {
    await using folder = await scratch();
    const first = await choose(folder);
    assert.equal(first.choice.standIns, true);
    assert.match(first.progress.join("\n"), /no plugin for Cloudflare \(no such host\): a sandbox stand-in serves, for loopback only/);
    const asked = await calls(folder);
    const second = await choose(folder);
    assert.deepEqual(second, { choice: first.choice, progress: [] });
    assert.equal(await calls(folder), asked);

    const record = join(folder.path, "cache", "plugins-not-fetched.json");
    await writeFile(record, JSON.stringify({ at: Date.now() - 25 * 3_600_000 }));
    await choose(folder);
    assert.notEqual(await calls(folder), asked);
  });

  it("never takes its own stand-ins for real ones, even when PULUMI_HOME points to them", async () => {
    await using folder = await scratch();
    const { choice } = await choose(folder);
    const again = await choose(folder, { PULUMI_HOME: String(choice.pulumiHome) });
    assert.deepEqual(again.choice, choice);
  });

  it("writes launchers that name the stand-in, and leaves them alone when they are right", async () => {
    await using folder = await scratch();
    const { choice } = await choose(folder);
    const [plugin] = pluginFolders(String(choice.pulumiHome));
    const launcher = join(String(plugin), "pulumi-resource-cloudflare");
    assert.match(await readFile(launcher, "utf8"), /\nexec '.+' '--disable-warning=ExperimentalWarning' '.+\/checkout\/src\/stand-ins\/cloudflare\.ts' "\$@"/);
    assert.equal((await stat(launcher)).mode & 0o111, 0o111);
    await utimes(launcher, 0, 0);
    await choose(folder);
    assert.equal((await stat(launcher)).mtimeMs, 0);
    assert.equal(existsSync(join(folder.path, "home", ".pulumi")), false, "the user's own folder is not touched");
  });
});
