/** /post_install.log of a user's VPS, over SSH. */
import { UserVpsError } from "../../../providers/core/errors.ts";
import { runCommand } from "../../../providers/ssh/run-command.ts";
import { createRedactor } from "../../provisioning/redact.ts";
import type { Invocation } from "../command.ts";
import { withUserStack } from "../user-stack.ts";
import { wayInto } from "./way-in.ts";
import { harmlessLines, progressText, whereItStopped } from "./where-it-stopped.ts";
import type { BootProgress } from "./where-it-stopped.ts";

const COMMAND = "cat /post_install.log";

export interface BootLog extends BootProgress {
  readonly address: string;
  readonly hostKeyFingerprint: string;
  /** false: the stack has pinned no key, so whoever answered at the VM's address was trusted. */
  readonly hostKeyVerified: boolean;
  /** The whole log. Holds no secret. */
  readonly lines: readonly string[];
}

/** Errors: those of the stack and of SSH; SCRIPT_LOG_MISSING. */
export async function readBootLog(invocation: Invocation): Promise<BootLog> {
  const { env, progress, signal } = invocation;
  return withUserStack(invocation, {}, async (stack) => {
    const { server, secrets } = await wayInto(stack, env);
    progress.say(`${stack.username}: asking ${server.host} for /post_install.log`);
    const { status, stdout, stderr, hostKeyFingerprint } = await runCommand(server, { command: COMMAND, signal });
    progress.end();
    const redactor = createRedactor(...secrets);
    const clean = (text: string) => harmlessLines(text).map((line) => redactor.redact(line));
    if (status !== 0) {
      throw new UserVpsError("SCRIPT_LOG_MISSING", `\`${COMMAND}\` on ${server.host} failed: ${clean(stderr).join("; ")}.`);
    }
    const lines = clean(stdout);
    return { address: server.host, hostKeyFingerprint, hostKeyVerified: server.hostKey !== undefined, ...whereItStopped(lines), lines };
  });
}

/** Where it was read, and how far the script came. */
export function bootLogText(username: string, { address, hostKeyFingerprint, hostKeyVerified, ...progress }: Omit<BootLog, "lines">): string {
  const trust = hostKeyVerified ? "verified" : "trusted on first use, as the stack has pinned none";
  const next = progress.outcome === "complete"
    ? `Next: on the VPS, \`journalctl -u conductor -u caddy\` tells why it is not healthy, if it is not.`
    : `Next: mend the cause, run \`bash /post_install\` on the VPS as root, then \`user-vps up ${username}\` or the page's Retry.`;
  return [`/post_install.log at ${address}, host key ${hostKeyFingerprint} (${trust})`, progressText(progress), next].join("\n");
}
