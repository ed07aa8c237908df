import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { engineBackend } from "../install-pulumi/engine-backend.ts";
import { engineEnvironment } from "../install-pulumi/engine-environment.ts";
import { preparePulumiHome } from "../install-pulumi/ensure-engine.ts";
import type { DemoWorld } from "./demo/world.ts";
import { makeStackFolder } from "./user-stack/stack-folder.ts";

const run = promisify(execFile);

interface Summary {
  readonly changeSummary?: Readonly<Record<string, number>>;
}

/** The plain Pulumi CLI on the service's stacks, as README's 'The same stacks by hand' tells. Answers the number of changes. */
export interface PlainCli {
  up(username: string): Promise<number>;
  previewWithRefresh(username: string): Promise<number>;
}

export async function openPlainCli(world: DemoWorld, signal: AbortSignal): Promise<PlainCli> {
  const home = join(world.folder, "pulumi-home");
  await preparePulumiHome(home, world.engine);
  const folder = join(world.folder, "checkout");
  await makeStackFolder(folder);
  const env = { ...engineEnvironment(world.engine, { ...world.env }), PULUMI_HOME: home, ...engineBackend(world.databaseUrl, { env: world.env }) };
  const pulumi = async (...args: string[]) => (await run("pulumi", [...args, "--non-interactive"], { cwd: folder, env, signal, maxBuffer: 64 * 1024 * 1024 })).stdout;

  const takeSettings = (username: string) => pulumi("config", "refresh", "--force", "--stack", username);

  return {
    async up(username) {
      await takeSettings(username);
      await pulumi("up", "--yes", "--skip-preview", "--stack", username);
      const [last] = JSON.parse(await pulumi("stack", "history", "--json", "--page-size", "1", "--stack", username)) as { resourceChanges?: Record<string, number> }[];
      return changesIn(last?.resourceChanges);
    },
    async previewWithRefresh(username) {
      await takeSettings(username);
      return changesIn((JSON.parse(await pulumi("preview", "--refresh", "--json", "--stack", username)) as Summary).changeSummary);
    },
  };
}

function changesIn(summary: Readonly<Record<string, number>> = {}): number {
  return Object.entries(summary).reduce((sum, [operation, count]) => (operation === "same" ? sum : sum + count), 0);
}
