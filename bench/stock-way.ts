import { fork } from "node:child_process";
import { once } from "node:events";
import { realpath } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { createWorkFolder } from "../src/provisioning/work-folder.ts";
import { cpuSecondsOf } from "./processes.ts";
import type { StockRequest } from "./stock-process.ts";
import type { Way } from "./ways.ts";
import { timed } from "./ways.ts";
import type { BenchWorld } from "./world.ts";

const NODE_FOLDER = resolve(import.meta.dirname, "..", "node_modules", ".bin");

/** Without what this project does for speed: the engine's own folder on PATH, no compile cache, Go's own collector. */
export async function stockWay({ engine, env, folder }: BenchWorld): Promise<Way> {
  const engineFolder = dirname(await realpath(join(engine.binDir, "pulumi-language-nodejs")));
  const work = await createWorkFolder(folder);
  const child = fork(join(import.meta.dirname, "stock-process.ts"), {
    env: { ...env, PATH: [engineFolder, NODE_FOLDER, process.env["PATH"]].join(delimiter), NODE_COMPILE_CACHE: undefined, GOGC: undefined, GOMEMLIMIT: undefined, NODE_DISABLE_COMPILE_CACHE: "1" },
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await once(child, "message");
  return {
    name: "stock",
    measure: (stackName, operation) => timed(() => cpuSecondsOf(child.pid!), async () => {
      child.send({ stackName, operation, workDir: work.path } satisfies StockRequest);
      const [{ error }] = (await once(child, "message")) as [{ error?: string }];
      if (error) throw new Error(`stock, ${operation}: ${error}`);
    }),
    async close() {
      child.disconnect();
      await once(child, "exit");
    },
  };
}
