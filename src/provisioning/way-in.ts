/** How to get onto a user's VPS: from the stack's own state, as the stack's own commands get in; see stacks/way-in.ts. */
import { UserVpsError } from "../../providers/core/errors.ts";
import type { SshServer } from "../../providers/ssh/run-command.ts";

export interface WayIn {
  readonly server: SshServer;
  /** What must not be shown. */
  readonly secrets: readonly string[];
}

/** What `pulumi stack export --show-secrets` tells, as far as it is looked at. */
export interface ExportedStack {
  readonly deployment?: { readonly resources?: readonly { readonly type: string; readonly outputs?: Readonly<Record<string, unknown>> }[] };
}

export interface WayInSettings {
  readonly port: number;
  readonly privateKey?: string | undefined;
  /** In place of the one that the stack has pinned. */
  readonly hostKey?: string | undefined;
}

/** Errors: VM_NOT_RUNNING as long as there is no address. */
export function wayInto(username: string, { deployment }: ExportedStack, { port, privateKey, hostKey }: WayInSettings): WayIn {
  const output = (type: string, name: string) => plainText(deployment?.resources?.find((resource) => resource.type.endsWith(`:${type}`))?.outputs?.[name]);
  const host = output("VirtualMachine", "ipv4");
  const password = output("Credentials", "password");
  if (!host || !password) {
    throw new UserVpsError("VM_NOT_RUNNING", `The stack of ${username} has no VM with an address yet.`, { next: `\`user-vps up ${username}\` goes on with it; \`user-vps logs ${username}\` tells what the last run of the service did.` });
  }
  return {
    server: { host, port, hostKey: hostKey ?? output("SshHostKey", "hostKey") ?? output("Handover", "hostKey"), login: privateKey === undefined ? { password } : { privateKey } },
    secrets: [password, output("Credentials", "jwtSecret"), privateKey].filter((secret) => secret !== undefined),
  };
}

/** A secret stands in the state as an object with its JSON as text in it. */
function plainText(value: unknown): string | undefined {
  if (typeof value === "string") return value || undefined;
  const { plaintext } = (value ?? {}) as { plaintext?: unknown };
  return typeof plaintext === "string" ? plainText(JSON.parse(plaintext)) : undefined;
}
