import type { DiskCredentials } from "../model.ts";
import { readCommands } from "./shell-commands.ts";
import { credentialsIn, scriptVariables } from "./script-variables.ts";

/** What a script that is sent over SSH would change: credentials and host name of a VPS that is there. */
export interface ConfigureOrder {
  hostname: string;
  bootHostname: string;
  credentials: DiskCredentials;
  /** Whether the password is set, the file with the JWT secret written and each service restarted. */
  setsPassword: boolean;
  restartsConductor: boolean;
  restartsCaddy: boolean;
  hasLocalCertificates: boolean;
}

/** Reads the script (it is never run); undefined if it changes nothing of this kind. */
export function configureOrder(script: string): ConfigureOrder | undefined {
  const variables = scriptVariables(script);
  const hostname = variables.get("SPOQ_HOSTNAME");
  if (hostname === undefined || !variables.has("SSH_PASSWORD") || !variables.has("JWT_SECRET")) return undefined;
  const lines = readCommands(script).map(({ words }) => words.join(" "));
  const has = (pattern: RegExp) => lines.some((line) => pattern.test(line));
  const restarts = has(/systemctl restart/);
  return {
    hostname,
    bootHostname: variables.get("BOOT_HOSTNAME") ?? hostname,
    credentials: credentialsIn(variables),
    setsPassword: has(/chpasswd/),
    restartsConductor: restarts && has(/restart.* conductor$/),
    restartsCaddy: restarts && has(/restart.* caddy$/),
    hasLocalCertificates: /^\s*local_certs$/m.test(variables.get("CADDY_OPTIONS") ?? ""),
  };
}
