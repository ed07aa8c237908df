/**
 * Chooses the plugin of @pulumi/cloudflare: the real one wherever the engine has or can fetch it,
 * a sandbox stand-in where it cannot.
 */
import { join } from "node:path";
import { homeFolder } from "../../providers/core/this-user.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";
import { ENGINE_SETTINGS } from "./engine-environment.ts";
import { exists, readJson, writeWhole } from "./files.ts";
import { neededPlugins, type Plugin } from "./needed-plugins.ts";
import { ownFolder } from "./own-folder.ts";
import { findOnPath } from "./on-path.ts";
import { run } from "./run.ts";
import { installStandIns, STAND_IN_MARK } from "./stand-in-plugins.ts";

export interface PluginOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly checkout: string;
  readonly cacheRoot: string;
  /** Where Node keeps compiled code. */
  readonly compileCache: string;
  /** The CLI that would fetch the plugins. */
  readonly pulumi: string;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface PluginChoice {
  readonly standIns: boolean;
  /** Holds the plugins, as the folder `plugins` of a PULUMI_HOME does. */
  readonly pluginsFolder: string;
  /** What PULUMI_HOME must be for the engine to find them; undefined: the user's own serves. */
  readonly pulumiHome: string | undefined;
}

/** Asks the CLI to fetch plugins at most this often where it once failed. */
const RETRY_AFTER_MS = DAY_MS;
const INSTALL_TIMEOUT_MS = 5 * MINUTE_MS;
const PROBE_TIMEOUT_MS = 4 * SECOND_MS;
/** Where the engine looks for plugins, in its order. */
const PLUGIN_SITES = ["https://api.github.com/", "https://get.pulumi.com/"];

export async function choosePlugins(options: PluginOptions): Promise<PluginChoice> {
  const { env, checkout, cacheRoot } = options;
  const plugins = neededPlugins();
  const standInHome = join(ownFolder(checkout, cacheRoot), "pulumi-home");
  const userHome = env["PULUMI_HOME"] || join(homeFolder(env), ".pulumi");
  const ownHome = join(cacheRoot, "pulumi-home");

  for (const home of [userHome, ownHome]) {
    const folder = join(home, "plugins");
    const present = await Promise.all(plugins.map((plugin) => isAvailable(plugin, folder, env)));
    if (present.every(Boolean)) return { standIns: false, pluginsFolder: folder, pulumiHome: home === userHome ? undefined : home };
  }
  if (await fetchPlugins(plugins, ownHome, options)) return { standIns: false, pluginsFolder: join(ownHome, "plugins"), pulumiHome: ownHome };
  return { standIns: true, pluginsFolder: await installStandIns(standInHome, { checkout, compileCache: options.compileCache, plugins }), pulumiHome: standInHome };
}

async function isAvailable(plugin: Plugin, folder: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const installed = join(folder, `resource-${plugin.name}-v${plugin.version}`);
  // The engine marks a plugin that is not wholly unpacked by a file beside it.
  if ((await exists(installed)) && !(await exists(`${installed}.partial`)) && !(await exists(join(installed, STAND_IN_MARK)))) return true;
  return (await findOnPath(`pulumi-resource-${plugin.name}`, env)).length > 0;
}

async function fetchPlugins(plugins: readonly Plugin[], home: string, options: PluginOptions): Promise<boolean> {
  const { env, cacheRoot, pulumi, onProgress, signal } = options;
  const record = join(cacheRoot, "plugins-not-fetched.json");
  const failed = await readJson<{ at: number }>(record);
  if (failed && Date.now() - failed.at < RETRY_AFTER_MS) return false;

  const reason = await tryToFetch();
  if (!reason) return true;
  onProgress(`no plugin for Cloudflare (${reason}): a sandbox stand-in serves, for loopback only; tried again in a day`);
  // Where nothing can be written, as in a container, they are looked for at each start.
  await writeWhole(record, JSON.stringify({ at: Date.now(), reason })).catch(() => undefined);
  return false;

  async function tryToFetch(): Promise<string | undefined> {
    const siteIsSet = Boolean(env["PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES"]);
    if (!siteIsSet && !(await isAnySiteReachable(options))) return "their download sites are not reachable";
    for (const { name, version } of plugins) {
      onProgress(`fetching the plugin ${name} ${version}`);
      const installed = await run(pulumi, ["plugin", "install", "resource", name, version], {
        env: { ...env, PULUMI_HOME: home, ...ENGINE_SETTINGS },
        timeoutMs: INSTALL_TIMEOUT_MS,
        signal,
      });
      if (!installed.ok) return installed.reason;
    }
    return undefined;
  }
}

/** Spares the engine's own long retries where there is no way out. */
async function isAnySiteReachable({ signal }: PluginOptions): Promise<boolean> {
  // Mostly it is known already: then nothing of it is loaded.
  const { EnvHttpProxyAgent, fetch } = await import("undici");
  const dispatcher = new EnvHttpProxyAgent({ connect: { timeout: PROBE_TIMEOUT_MS } });
  const limit = AbortSignal.timeout(2 * PROBE_TIMEOUT_MS);
  const probes = PLUGIN_SITES.map(async (site) => {
    await fetch(site, { method: "HEAD", redirect: "manual", dispatcher, signal: signal ? AbortSignal.any([signal, limit]) : limit });
  });
  const reached = await Promise.any(probes).then(() => true, () => false);
  await dispatcher.destroy();
  signal?.throwIfAborted();
  return reached;
}
