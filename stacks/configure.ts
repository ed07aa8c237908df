/** Renders configure.sh: credentials, owner and host name for a VPS that is already there. */
import { readFileSync } from "node:fs";
import { caddyOptions, type AcmeSettings } from "./acme.ts";
import { fillTemplate } from "./fill-template.ts";
import { bashWord, tomlStringBody } from "./post-install-quoting.ts";
import { checkedValue, hostnameValue, passwordValue } from "./script-values.ts";
import type { StackConfig } from "./stack-settings.ts";

export interface ConfigureValues {
  /** By which Caddy is to serve. */
  readonly hostname: string;
  /** By which the post-install script made it serve. */
  readonly bootHostname: string;
  /** Password of the user `spoq`; secret. */
  readonly sshPassword: string;
  /** The platform's id of the user who owns the VPS. */
  readonly ownerId: string;
  /** With which Conductor verifies its callers' JWTs; secret. */
  readonly jwtSecret: string;
  /** The post-install script has set this password and this secret: what is there instead, the user has chosen. */
  readonly isInstalledWithThese: boolean;
  readonly acme?: AcmeSettings | undefined;
}

/** Whether the stack's credentials are those of the VM's first boot: neither made anew since, nor brought to a VM that somebody had before. */
export function isInstalledWithThese({ credentialRotation, importVmId, importWiped }: Pick<StackConfig, "credentialRotation" | "importVmId" | "importWiped">): boolean {
  return credentialRotation === undefined && (importVmId === undefined || importWiped === true);
}

const TEMPLATE = readFileSync(new URL("./configure.sh", import.meta.url), "utf8");

/**
 * The script with the values in it, the secrets among them: treat the result as one secret.
 * @throws UserVpsError SCRIPT_VALUE_UNREPRESENTABLE
 */
export function renderConfigureScript({ hostname, bootHostname, sshPassword, ownerId, jwtSecret, isInstalledWithThese, acme }: ConfigureValues): string {
  return fillTemplate(TEMPLATE, new Map([
    ["SSH_PASSWORD", bashWord(passwordValue("SSH_PASSWORD", sshPassword))],
    ["OWNER_ID", bashWord(tomlStringBody(checkedValue("OWNER_ID", ownerId)))],
    ["JWT_SECRET", bashWord(tomlStringBody(checkedValue("JWT_SECRET", jwtSecret)))],
    ["HOSTNAME", bashWord(hostnameValue("HOSTNAME", hostname))],
    ["BOOT_HOSTNAME", bashWord(hostnameValue("BOOT_HOSTNAME", bootHostname))],
    ["INSTALLED_WITH_THESE", bashWord(isInstalledWithThese ? "yes" : "")],
    ["CADDY_OPTIONS", bashWord(caddyOptions(acme ?? {}))],
  ]));
}
