/** Runs one of the stack's scripts on a VPS, as root over SSH. */
import { beginningOf, shortened } from "../core/cut-text.ts";
import { UserVpsError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import { harmlessLines } from "../core/printable.ts";
import { reportProgress, startWaiting } from "../core/progress.ts";
import { monotonicMs, SECOND_MS, sleep } from "../core/time.ts";
import { CommandCutOff, runCommand } from "./run-command.ts";
import type { RemoteAnswer, SshServer } from "./run-command.ts";

export interface RemoteScriptRun {
  readonly server: SshServer;
  readonly script: string;
  /** What its failure is called. The script says it itself, at the start of a line of standard error, before what went wrong. */
  readonly code: ErrorCode;
  /** What it is called if it is not over within its time; else by `code` as well. */
  readonly overdueCode?: ErrorCode | undefined;
  /** What it is then that has failed, as a sentence without its end. */
  readonly failed: string;
  readonly limitMs: number;
  /** What must not be shown, though the VPS may say it. */
  readonly secrets: readonly string[];
  readonly signal: AbortSignal;
}

/** How long a server that is just starting is tried again. */
const CONNECT_LIMIT_MS = 60 * SECOND_MS;
const CONNECT_INTERVAL_MS = 1 * SECOND_MS;
/** Of what the script tells of its progress. */
const MOST_LINES = 20;
const LONGEST_LINE = 200;
const LONGEST_QUOTE = 600;

/**
 * What the VPS writes is up to its owner: it is shown cut, and in a failure quoted; it decides neither what a failure is
 * called nor what to do next.
 *
 * @returns what the script wrote to standard output
 * @throws UserVpsError by its code; those of SSH where root cannot get in, or the connection broke
 */
export async function runScript({ server, script, code, overdueCode = code, failed, limitMs, secrets, signal }: RemoteScriptRun): Promise<string> {
  const hidden = secrets.filter((secret) => secret !== "");
  const clean = (text: string) => hidden.reduce((shown, secret) => shown.replaceAll(secret, "[secret]"), harmlessLines(text).join(" "));
  const show = firstLines((line) => reportProgress(`${server.host}: ${shortened(clean(line), LONGEST_LINE)}`));
  const run = (onLoggedIn: () => void) => runCommand(server, { command: "/bin/bash -s", stdin: script, signal, timeoutMs: limitMs, onLoggedIn, onStdout: show });
  let answer: RemoteAnswer;
  try {
    answer = await whenConnected(server.host, run, signal);
  } catch (error) {
    if (!(error instanceof CommandCutOff) || error.by === "connection") throw error;
    throw new UserVpsError(error.by === "time" ? overdueCode : code, `${failed}: ${error.bareMessage}`, { cause: error });
  }
  const { status, stdout, stderr } = answer;
  if (status === 0) return stdout;
  const said = shortened(clean(reasonIn(stderr, code)), LONGEST_QUOTE);
  const how = status === null ? "a signal ended the script" : `the script ended with status ${status}`;
  throw new UserVpsError(code, `${failed}: ${how}${said === "" ? "" : `; the VPS says: "${said}"`}.`);
}

/** Nothing has begun on a server that cannot be reached; nothing is waited for once root is in. */
async function whenConnected<T>(host: string, run: (onLoggedIn: () => void) => Promise<T>, signal: AbortSignal): Promise<T> {
  const endMs = monotonicMs() + CONNECT_LIMIT_MS;
  const waiting = startWaiting(host);
  try {
    for (;;) {
      try {
        return await run(() => waiting.end());
      } catch (error) {
        const mayPass = error instanceof UserVpsError && error.code === "SSH_UNREACHABLE" && !(error instanceof CommandCutOff);
        if (!mayPass || monotonicMs() > endMs) throw error;
        waiting.now(error.bareMessage);
      }
      await sleep(CONNECT_INTERVAL_MS, signal);
    }
  } finally {
    waiting.end();
  }
}

/** What the script itself gave as the reason, else what was written last. */
function reasonIn(stderr: string, code: ErrorCode): string {
  const lines = stderr.trimEnd().split("\n");
  const told = lines.findLast((line) => line.startsWith(`${code}: `));
  return told?.slice(code.length + 2) ?? lines.at(-1) ?? "";
}

/** Hands on the first few lines of what comes in pieces; of a long one, its beginning. */
function firstLines(onLine: (line: string) => void): (text: string) => void {
  let left = MOST_LINES;
  let rest = "";
  return (text) => {
    if (left === 0) return;
    const lines = (rest + text).split("\n");
    rest = beginningOf(lines.pop() ?? "", 2 * LONGEST_LINE);
    for (const line of lines.filter((one) => one.trim() !== "").slice(0, left)) {
      left -= 1;
      onLine(line);
    }
  };
}
