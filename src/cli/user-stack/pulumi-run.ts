/** Runs the Pulumi CLI in front of a person: its output is theirs, and so is Ctrl-C. */
import { spawn } from "node:child_process";
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { RunResult } from "../../install-pulumi/run.ts";
import { run } from "../../install-pulumi/run.ts";
import { hasStarted } from "../../provisioning/started-child.ts";
import { MINUTE_MS, SECOND_MS } from "../../../providers/core/time.ts";

export interface EngineRun {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What is seen on the screen: with `quiet`, all on standard error, and nothing is asked. */
export async function runInFront(args: readonly string[], { cwd, env }: EngineRun, { quiet }: { quiet: boolean }): Promise<void> {
  // The terminal sends Ctrl-C to the engine as well, which ends in good order; this process waits for that.
  let isInterrupted = false;
  const note = () => { isInterrupted = true; };
  const passOn = () => {
    note();
    child.kill("SIGINT");
  };
  const child = spawn("pulumi", args, { cwd, env, stdio: quiet ? ["ignore", 2, 2] : "inherit" });
  process.on("SIGINT", note).on("SIGTERM", passOn);
  try {
    const code = await new Promise<number | null>((resolve, reject) => child.once("error", reject).once("exit", resolve));
    if (code === 0) return;
    if (isInterrupted) throw new UserVpsError("CANCELLED", `\`pulumi ${args[0]}\` was interrupted.`, { next: "Run the same command again: it goes on with what is there." });
    throw new UserVpsError("ENGINE_FAILED", `\`pulumi ${args[0]}\` ended with ${code ?? "a signal"}.`, { next: "See what it said above." });
  } finally {
    process.off("SIGINT", note).off("SIGTERM", passOn);
  }
}

/** Runs it out of sight. Fails with ENGINE_FAILED. */
export async function runQuietly(args: readonly string[], engine: EngineRun): Promise<string> {
  const { ok, stdout, reason } = await tryQuietly(args, engine);
  if (ok) return stdout;
  throw engineFailed(args.slice(0, 2).join(" "), reason);
}

export function engineFailed(command: string, reason: string): UserVpsError {
  return new UserVpsError("ENGINE_FAILED", `\`pulumi ${command}\` failed: ${reason}.`, { next: "Check the passphrase and the state backend; `user-vps doctor` looks at both ends." });
}

export function tryQuietly(args: readonly string[], { cwd, env }: EngineRun): Promise<RunResult> {
  return run("pulumi", [...args, "--non-interactive", "--color", "never"], { cwd, env, timeoutMs: 5 * MINUTE_MS });
}

export interface Ended {
  readonly ok: boolean;
  /** All that it printed. */
  readonly output: string;
  /** `exit code 255` */
  readonly end: string;
}

const STOP_GRACE_MS = 10 * SECOND_MS;

/** Runs it out of sight. When `signal` is aborted, the engine is asked to stop and waited for; then this fails with the signal's reason. */
export async function runUntil(args: readonly string[], { cwd, env }: EngineRun, signal: AbortSignal): Promise<Ended> {
  signal.throwIfAborted();
  const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  await hasStarted(child, `pulumi ${args[0]}`);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => { output += text; });
  let grace: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill("SIGINT");
    grace = setTimeout(() => {
      child.kill("SIGKILL");
      // Providers that it leaves behind may hold the pipes open.
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
    }, STOP_GRACE_MS);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    const end = await new Promise<string>((resolve, reject) => child.once("error", reject).once("close", (code, by) => resolve(by ? `killed by ${by}` : `exit code ${code}`)));
    signal.throwIfAborted();
    return { ok: end === "exit code 0", output, end };
  } finally {
    clearTimeout(grace);
    signal.removeEventListener("abort", stop);
  }
}
