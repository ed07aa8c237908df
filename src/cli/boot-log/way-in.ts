/** How to get onto a user's VPS: all of it from the stack's own state and settings. */
import { USUAL } from "../../../stacks/usual-values.ts";
import type { Environment } from "../../config/index.ts";
import { wayInto, type ExportedStack, type WayIn } from "../../provisioning/way-in.ts";
import type { UserStack } from "../user-stack/user-stack.ts";

type StackSettings = Readonly<Record<string, { readonly value?: string } | undefined>>;

/** Errors: VM_NOT_RUNNING as long as there is no address. */
export async function wayIntoStack(stack: UserStack, env: Environment): Promise<WayIn> {
  const exported = JSON.parse(await stack.quietly("stack", "export", "--show-secrets")) as ExportedStack;
  // Most stacks have none of these: then nothing has to be decrypted.
  const settings = /^\s*user-vps:ssh/m.test(await stack.settingsFile()) ? JSON.parse(await stack.quietly("config", "--json", "--show-secrets")) as StackSettings : {};
  const setting = (name: string) => settings[`user-vps:${name}`]?.value || undefined;
  return wayInto(stack.username, exported, {
    port: Number(setting("sshPort") ?? (env["USER_VPS_SSH_PORT"] || USUAL.sshPort)),
    privateKey: setting("sshPrivateKey") ?? (env["SSH_PRIVATE_KEY"] || undefined),
    hostKey: setting("sshHostKey"),
  });
}
