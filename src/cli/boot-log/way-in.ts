/** How to get onto a user's VPS: all of it from the stack's own state and settings. */
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { SshServer } from "../../../providers/ssh/run-command.ts";
import type { Environment } from "../../config/index.ts";
import type { UserStack } from "../user-stack/user-stack.ts";

export interface WayIn {
  readonly server: SshServer;
  /** What must not be shown. */
  readonly secrets: readonly string[];
}

interface Exported {
  readonly deployment?: { readonly resources?: readonly { readonly type: string; readonly outputs?: Readonly<Record<string, unknown>> }[] };
}

type StackSettings = Readonly<Record<string, { readonly value?: string } | undefined>>;

/** As the stack's own commands get in; see stacks/way-in.ts. Errors: VM_NOT_RUNNING as long as there is no address. */
export async function wayInto(stack: UserStack, env: Environment): Promise<WayIn> {
  const { deployment } = JSON.parse(await stack.quietly("stack", "export", "--show-secrets")) as Exported;
  const settings = JSON.parse(await stack.quietly("config", "--json", "--show-secrets")) as StackSettings;
  const output = (type: string, name: string) => plainText(deployment?.resources?.find((resource) => resource.type.endsWith(`:${type}`))?.outputs?.[name]);
  const setting = (name: string) => settings[`user-vps:${name}`]?.value || undefined;

  const host = output("VirtualMachine", "ipv4");
  const password = output("Credentials", "password");
  if (!host || !password) {
    throw new UserVpsError("VM_NOT_RUNNING", `The stack of ${stack.username} has no VM with an address yet.`, { next: `\`user-vps up ${stack.username}\` goes on with it; \`user-vps logs ${stack.username}\` tells what the last run of the service did.` });
  }
  const privateKey = setting("sshPrivateKey") ?? (env["SSH_PRIVATE_KEY"] || undefined);
  return {
    server: {
      host,
      port: Number(setting("sshPort") ?? (env["USER_VPS_SSH_PORT"] || 22)),
      hostKey: setting("sshHostKey") ?? output("SshHostKey", "hostKey"),
      login: privateKey === undefined ? { password } : { privateKey },
    },
    secrets: [password, output("Credentials", "jwtSecret"), privateKey].filter((secret) => secret !== undefined),
  };
}

/** A secret stands in the state as an object with its JSON as text in it. */
function plainText(value: unknown): string | undefined {
  if (typeof value === "string") return value || undefined;
  const { plaintext } = (value ?? {}) as { plaintext?: unknown };
  return typeof plaintext === "string" ? plainText(JSON.parse(plaintext)) : undefined;
}
