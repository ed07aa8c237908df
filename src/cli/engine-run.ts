/** Runs the Pulumi CLI in front of a person: its output is theirs, and so is Ctrl-C. */
import { spawn } from "node:child_process";
import { UserVpsError } from "../../providers/core/errors.ts";
import type { RunResult } from "../engine/run.ts";
import { run } from "../engine/run.ts";
import { MINUTE_MS } from "../../providers/core/time.ts";

export interface EngineRun {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What is seen on the screen: with `quiet`, all on standard error, and nothing is asked. */
export async function runInFront(args: readonly string[], { cwd, env }: EngineRun, { quiet }: { quiet: boolean }): Promise<void> {
  // The terminal sends Ctrl-C to the engine as well, which ends in good order; this process waits for that.
  const passOn = () => child.kill("SIGINT");
  const ignore = () => undefined;
  const child = spawn("pulumi", args, { cwd, env, stdio: quiet ? ["ignore", 2, 2] : "inherit" });
  process.on("SIGINT", ignore).on("SIGTERM", passOn);
  try {
    const code = await new Promise<number | null>((resolve, reject) => child.once("error", reject).once("exit", resolve));
    if (code === 0) return;
    throw new UserVpsError("ENGINE_FAILED", `\`pulumi ${args[0]}\` ended with ${code ?? "a signal"}.`, { next: "See what it said above; after an interruption, run the same command again." });
  } finally {
    process.off("SIGINT", ignore).off("SIGTERM", passOn);
  }
}

/** Runs it out of sight. Fails with ENGINE_FAILED. */
export async function runQuietly(args: readonly string[], engine: EngineRun): Promise<string> {
  const { ok, stdout, reason } = await tryQuietly(args, engine);
  if (ok) return stdout;
  throw new UserVpsError("ENGINE_FAILED", `\`pulumi ${args.slice(0, 2).join(" ")}\` failed: ${reason}.`, { next: "Check the passphrase and the state backend; `user-vps doctor` looks at both ends." });
}

export function tryQuietly(args: readonly string[], { cwd, env }: EngineRun): Promise<RunResult> {
  return run("pulumi", [...args, "--non-interactive", "--color", "never"], { cwd, env, timeoutMs: 5 * MINUTE_MS });
}
