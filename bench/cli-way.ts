import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeStackFolder } from "../src/cli/user-stack/stack-folder.ts";
import { cpuSecondsBelow } from "./processes.ts";
import type { Operation, Way } from "./ways.ts";
import { settingsOf, timed } from "./ways.ts";
import type { BenchWorld } from "./world.ts";

const run = promisify(execFile);

const COMMANDS: Readonly<Record<Operation, readonly string[]>> = {
  create: ["up", "--yes", "--skip-preview"],
  unchanged: ["up", "--yes", "--skip-preview"],
  preview: ["preview", "--refresh"],
  destroy: ["destroy", "--yes", "--skip-preview"],
};

/** The plain Pulumi CLI in a folder of this version's own; the making of the stack and its settings is not measured. */
export async function cliWay({ env, folder }: BenchWorld): Promise<Way> {
  const checkout = join(folder, "checkout");
  await makeStackFolder(checkout);
  return cliWayIn(checkout, env);
}

/** In a checkout of whichever version. */
export function cliWayIn(checkout: string, env: BenchWorld["env"]): Way {
  const pulumi = (...args: string[]) => run("pulumi", [...args, "--non-interactive", "--color", "never"], { cwd: checkout, env, maxBuffer: 64 * 1024 * 1024 });
  return {
    name: "cli",
    async measure(stackName, operation) {
      if (operation === "create") {
        await pulumi("stack", "init", stackName, "--no-select", ...(env["SECRETS_PROVIDER"] === undefined ? [] : ["--secrets-provider", env["SECRETS_PROVIDER"]]));
        await pulumi("config", "set-all", "--stack", stackName, ...Object.entries(settingsOf(stackName)).flatMap(([name, value]) => ["--plaintext", `${name}=${value}`]));
      }
      return await timed(() => cpuSecondsBelow(process.pid), () => pulumi(...COMMANDS[operation], "--stack", stackName));
    },
    close: async () => undefined,
  };
}
