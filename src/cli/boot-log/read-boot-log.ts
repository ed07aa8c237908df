/** /post_install.log of a user's VPS, over SSH. */
import { progressText } from "../../../providers/first-boot/boot-progress.ts";
import type { BootProgress } from "../../../providers/first-boot/boot-progress.ts";
import { fetchBootLog } from "../../../providers/first-boot/fetch-boot-log.ts";
import { createRedactor } from "../../provisioning/redact.ts";
import type { Invocation } from "../command.ts";
import { answer, withService } from "../service-client/api.ts";
import { ofUser } from "../service-client/paths.ts";
import { isLeftToService } from "../user-stack/at-hand.ts";
import { withUserStack } from "../user-stack/user-stack.ts";
import { wayIntoStack } from "./way-in.ts";

export interface BootLog extends Omit<BootProgress, "begun"> {
  readonly address: string;
  readonly hostKeyFingerprint: string;
  /** false: the stack has pinned no key, so whoever answered at the VM's address was trusted. */
  readonly hostKeyVerified: boolean;
  /** The whole log. Holds no secret. */
  readonly lines: readonly string[];
}

/** From here if the stack is at hand, else by a worker of the service. Errors: those of the stack and of SSH; SCRIPT_LOG_MISSING; the service's. */
export async function readBootLog(invocation: Invocation): Promise<BootLog> {
  return isLeftToService(invocation.env) ? askService(invocation) : look(invocation);
}

function askService(invocation: Invocation): Promise<BootLog> {
  const path = ofUser(invocation.args[0]!);
  invocation.progress.say("asking the service, which has a worker look");
  return withService(invocation, (service) => answer(service.GET("/api/admin/vps/{username}/boot-log", { params: { path } })));
}

async function look(invocation: Invocation): Promise<BootLog> {
  const { env, progress, signal } = invocation;
  return withUserStack(invocation, { runs: false }, async (stack) => {
    const { server, secrets } = await wayIntoStack(stack, env);
    progress.say(`${stack.username}: asking ${server.host} for /post_install.log`);
    const { lines, progress: reached, hostKeyFingerprint } = await fetchBootLog(server, signal);
    progress.end();
    const redactor = createRedactor(...secrets);
    const clean = (all: readonly string[]) => all.map((line) => redactor.redact(line));
    return { address: server.host, hostKeyFingerprint, hostKeyVerified: server.hostKey !== undefined, ...reached, lastLines: clean(reached.lastLines), lines: clean(lines) };
  });
}

/** Where it was read, and how far the script came. */
export function bootLogText(username: string, { address, hostKeyFingerprint, hostKeyVerified, ...progress }: Omit<BootLog, "lines">): string {
  const trust = hostKeyVerified ? "verified" : "trusted on first use, as the stack has pinned none";
  const next = progress.outcome === "complete"
    ? `Next: on the VPS, \`journalctl -u conductor -u caddy\` tells why it is not healthy, if it is not.`
    : `Next: mend the cause, run \`bash /post_install &>> /post_install.log\` on the VPS as root, then \`user-vps up ${username}\` or the page's Retry.`;
  return [`/post_install.log at ${address}, host key ${hostKeyFingerprint} (${trust})`, progressText(progress), next].join("\n");
}
