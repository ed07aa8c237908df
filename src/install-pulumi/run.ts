/** Runs one command to its end and hands back what it wrote. */
import { execFile } from "node:child_process";

export interface RunOptions {
  readonly cwd?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface RunResult {
  readonly ok: boolean;
  readonly stdout: string;
  /** Why it failed, on one line: the end of standard error, or why it could not be started. */
  readonly reason: string;
  /** It was ended because it took too long. */
  readonly isLate: boolean;
}

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const REASON_LINES = 3;

/** Fails only if `signal` is aborted; a command that fails, or is not there, is a result. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { cwd, env, timeoutMs, signal } = options;
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const settings = { env, timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES, ...(cwd && { cwd }), ...(signal && { signal }) };
    execFile(command, args, settings, (error, stdout, stderr) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      if (!error) return resolve({ ok: true, stdout, reason: "", isLate: false });
      const what = error.killed ? `'${command}' was ended after ${timeoutMs / 1000} s` : lastLines(stderr) || error.message;
      resolve({ ok: false, stdout, reason: what, isLate: error.killed === true });
    });
  });
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-REASON_LINES).map((line) => line.trim()).join("; ");
}
