/** Provides a Pulumi engine: an installed one, else a cached, downloaded or built one. */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UserVpsError } from "../../providers/core/errors.ts";
import { binFolder, prepareBinFolder } from "./bin-folder.ts";
import { cacheRoot, completeEngine, engineFolder, fillEngineFolder } from "./cache.ts";
import { ENGINE_SETTINGS, type EngineOnDisk } from "./engine-environment.ts";
import { linkTo } from "./files.ts";
import { withLock } from "../../providers/core/file-lock.ts";
import { refuseEngineLogs } from "./no-engine-logs.ts";
import { engineOnPath } from "./on-path.ts";
import { choosePlugins } from "./plugins.ts";
import { ENGINE_VERSION, SDK_VERSION } from "./version.ts";

export interface EnsureEngineOptions {
  /** Read for PATH, HOME, XDG_CACHE_HOME, PULUMI_HOME, PULUMI_DOWNLOAD_URL and proxies. */
  readonly env?: NodeJS.ProcessEnv;
  /** Gets a line now and then while something takes long. */
  readonly onProgress?: (line: string) => void;
  /** Where engines are kept; otherwise `$XDG_CACHE_HOME/user-vps` or `~/.cache/user-vps`. */
  readonly cacheDir?: string;
  /** The project's folder, which gets `.user-vps`. */
  readonly checkout?: string;
  readonly signal?: AbortSignal;
}

export interface Engine extends EngineOnDisk {
  readonly version: string;
  /** The folder to put first on PATH: holds `pulumi`, its helpers and a Node that is new enough. */
  readonly binDir: string;
  readonly source: "path" | "cache" | "download" | "built";
  /** Whether a sandbox stand-in serves for Cloudflare's plugin. */
  readonly standIns: boolean;
  /** The plugins' folder: link it as `plugins` into a PULUMI_HOME of a run's own. */
  readonly pluginsDir: string;
  /** What every run of the engine should get besides PATH. */
  readonly env: Record<string, string>;
}

const PROJECT = resolve(import.meta.dirname, "..", "..");

/**
 * Finds or makes the engine, chooses the plugins and prepares the folder for PATH. With a warm
 * cache this reads a few files and calls nothing. Fails with ENGINE_MISSING.
 */
export async function ensureEngine(options: EnsureEngineOptions = {}): Promise<Engine> {
  const { env = process.env, onProgress = () => undefined, checkout = PROJECT, signal } = options;
  const root = options.cacheDir ?? cacheRoot(env);
  const found = await findOrMake(root, { env, onProgress, checkout, signal });
  // The scripts do not depend on the caller's: who starts them has it in the environment, which they heed.
  const compileCache = join(root, "compile-cache");
  const binDir = await prepareBinFolder({ checkout, cacheRoot: root, engineFolder: found.folder, compileCache });
  const plugins = await choosePlugins({ env, checkout, cacheRoot: root, compileCache, pulumi: join(binDir, "pulumi"), onProgress, signal });
  if (plugins.pulumiHome !== undefined) await refuseEngineLogs(plugins.pulumiHome);
  return {
    version: found.version,
    binDir,
    source: found.source,
    standIns: plugins.standIns,
    pluginsDir: plugins.pluginsFolder,
    env: {
      ...ENGINE_SETTINGS,
      // Each process that loads the SDK then takes half the time.
      NODE_COMPILE_CACHE: env["NODE_COMPILE_CACHE"] || compileCache,
      ...(plugins.pulumiHome && { PULUMI_HOME: plugins.pulumiHome }),
      // With stand-ins nothing can be fetched; without this the engine tries, and says so late.
      ...(plugins.standIns && { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" }),
    },
  };
}

/** Makes `home` usable as a run's own PULUMI_HOME, with the plugins that `ensureEngine` chose. */
export async function preparePulumiHome(home: string, engine: Pick<Engine, "pluginsDir">): Promise<void> {
  await mkdir(home, { recursive: true });
  await Promise.all([linkTo(join(home, "plugins"), engine.pluginsDir), refuseEngineLogs(home)]);
}

interface Found extends Pick<Engine, "version" | "source"> {
  readonly folder: string;
}

interface Making {
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (line: string) => void;
  readonly checkout: string;
  readonly signal: AbortSignal | undefined;
}

async function findOrMake(root: string, making: Making): Promise<Found> {
  const { env, checkout, signal, onProgress } = making;
  const versionsFile = join(root, "versions-on-path.json");
  const onPath = await engineOnPath({ env, versionsFile, ownFolders: [root, binFolder(checkout, root)], signal });
  if (typeof onPath !== "string") return { ...onPath, source: "path" };

  const folder = await engineFolder(root);
  const cached = async (): Promise<Found | undefined> =>
    (await completeEngine(folder)) ? { folder, version: ENGINE_VERSION, source: "cache" } : undefined;
  const atOnce = await cached();
  if (atOnce) return atOnce;

  await mkdir(root, { recursive: true });
  const onWait = (holder: string) => onProgress(`waiting for ${holder}, which prepares the Pulumi engine`);
  return await withLock(`${folder}.lock`, async () => (await cached()) ?? (await make(folder, onPath, making)), { whatFor: "prepares the engine", code: "ENGINE_MISSING", onWait, signal });
}

async function make(folder: string, whyNotOnPath: string, { env, onProgress, signal }: Making): Promise<Found> {
  // Of no use where there is one.
  const [{ downloadEngine }, { buildEngine }] = await Promise.all([import("./download.ts"), import("./build.ts")]);
  const ways = [
    { source: "download", fill: downloadEngine },
    { source: "built", fill: buildEngine },
  ] as const;
  const reasons = [`on PATH: ${whyNotOnPath}`];
  for (const { source, fill } of ways) {
    const reason = await fillEngineFolder(folder, source, (temporary) => fill(temporary, { env, onProgress, signal }));
    if (!reason) return { folder, version: ENGINE_VERSION, source };
    reasons.push(`${source === "built" ? "build" : "download"}: ${reason}`);
    onProgress(`no engine by ${reasons.at(-1)}`);
  }
  throw new UserVpsError("ENGINE_MISSING", `There is no Pulumi engine ${ENGINE_VERSION}. ${reasons.join(". ")}.`, {
    next:
      `Do one of three: install Pulumi ${SDK_VERSION} or a later 3.x so that it is on PATH (https://www.pulumi.com/docs/install/); ` +
      "allow access to https://get.pulumi.com, or set PULUMI_DOWNLOAD_URL to a mirror of its releases/sdk; " +
      "or install Go 1.26.6 or newer with access to a Go module proxy.",
  });
}
