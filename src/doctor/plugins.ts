import { join } from "node:path";
import { homeFolder } from "../../providers/core/this-user.ts";
import type { Environment } from "../config/index.ts";
import { cacheRoot } from "../install-pulumi/cache.ts";
import { exists } from "../install-pulumi/files.ts";
import { isLoopbackHost } from "../install-pulumi/loopback.ts";
import { neededPlugins } from "../install-pulumi/needed-plugins.ts";
import type { Plugin } from "../install-pulumi/needed-plugins.ts";
import { findOnPath } from "../install-pulumi/on-path.ts";
import { STAND_IN_MARK } from "../install-pulumi/stand-in-plugins.ts";
import { failed, ok } from "./check.ts";
import type { Finding } from "./check.ts";

/** Real ones, or stand-ins where they are enough: against a sandbox. */
export async function checkPlugins(env: Environment): Promise<Finding> {
  const missing: Plugin[] = [];
  for (const plugin of neededPlugins()) if (!(await isInstalled(plugin, env))) missing.push(plugin);
  if (missing.length === 0) return ok("plugins", "Cloudflare's real one is installed");
  if (isSandbox(env)) return ok("plugins", "a sandbox stand-in serves; enough, as CLOUDFLARE_BASE_URL is on loopback");
  const names = missing.map(({ name, version }) => `${name} ${version}`).join(" and ");
  const commands = missing.map(({ name, version }) => `\`pulumi plugin install resource ${name} ${version}\``).join(" and ");
  return failed("plugins", `${names} not installed; the sandbox stand-in refuses the real Cloudflare`, `Run ${commands} (\`npm run --silent engine\` tells where pulumi is), or let this machine reach https://api.github.com and https://get.pulumi.com.`);
}

async function isInstalled({ name, version }: Plugin, env: Environment): Promise<boolean> {
  const homes = [env["PULUMI_HOME"] || join(homeFolder(env), ".pulumi"), join(cacheRoot({ ...env }), "pulumi-home")];
  for (const home of homes) {
    const folder = join(home, "plugins", `resource-${name}-v${version}`);
    if ((await exists(folder)) && !(await exists(`${folder}.partial`)) && !(await exists(join(folder, STAND_IN_MARK)))) return true;
  }
  return (await findOnPath(`pulumi-resource-${name}`, { ...env })).length > 0;
}

function isSandbox(env: Environment): boolean {
  const baseUrl = env["CLOUDFLARE_BASE_URL"] ?? "";
  return URL.canParse(baseUrl) && isLoopbackHost(new URL(baseUrl).hostname);
}
