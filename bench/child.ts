/** A module of this folder as a process of its own that answers one message at a time. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface BenchChild {
  readonly pid: number;
  ask<Answer>(request: object): Promise<Answer>;
  close(): Promise<void>;
}

export function benchChild(file: string, env: NodeJS.ProcessEnv = process.env): BenchChild {
  const child = fork(join(import.meta.dirname, file), { env, execArgv: ["--disable-warning=ExperimentalWarning"], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  return {
    pid: child.pid!,
    async ask<Answer>(request: object): Promise<Answer> {
      child.send(request);
      const [answer] = (await Promise.race([once(child, "message"), once(child, "exit").then(() => [{ error: "it ended" }])])) as [Answer & { readonly error?: string }];
      if (answer.error) throw new Error(`${file}: ${answer.error}`);
      return answer;
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.disconnect();
      await once(child, "exit");
    },
  };
}
