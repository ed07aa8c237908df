/** /post_install.log of a VPS, over SSH. */
import { UserVpsError } from "../core/errors.ts";
import { harmlessLines } from "../core/printable.ts";
import { runCommand } from "../ssh/run-command.ts";
import type { SshServer } from "../ssh/run-command.ts";
import { whereItStopped } from "./boot-progress.ts";
import type { BootProgress } from "./boot-progress.ts";

const COMMAND = "cat /post_install.log";

export interface FetchedBootLog {
  /** Harmless to a terminal; what is secret to the caller is still to be taken out. */
  readonly lines: readonly string[];
  readonly progress: BootProgress;
  readonly hostKeyFingerprint: string;
}

/** Errors: those of SSH; SCRIPT_LOG_MISSING. */
export async function fetchBootLog(server: SshServer, signal: AbortSignal, timeoutMs?: number): Promise<FetchedBootLog> {
  const { status, stdout, stderr, hostKeyFingerprint } = await runCommand(server, { command: COMMAND, signal, ...(timeoutMs !== undefined && { timeoutMs }) });
  if (status !== 0) throw new UserVpsError("SCRIPT_LOG_MISSING", `\`${COMMAND}\` on ${server.host} failed: ${harmlessLines(stderr).join("; ")}.`);
  const lines = harmlessLines(stdout);
  return { lines, progress: whereItStopped(lines), hostKeyFingerprint };
}
