/** Renders post-install.sh, the script that Hostinger runs on a new VPS, for one user. */

import { readFileSync } from "node:fs";
import { UserVpsError } from "../providers/core/errors.ts";
import { SCRIPT_LIMIT_BYTES } from "../providers/hostinger/api/specification.ts";
import { caddyOptions, type AcmeSettings } from "./acme.ts";
import { fillTemplate } from "./fill-template.ts";
import { bashWord, tomlStringBody } from "./post-install-quoting.ts";
import { USUAL } from "./usual-values.ts";
import { checkedValue, hostnameValue, passwordValue, urlValue } from "./script-values.ts";

export interface PostInstallValues {
  /** Password of the user `spoq`; secret. At most 511 bytes of UTF-8. */
  readonly sshPassword: string;
  /** The platform's id of the user who owns the VPS. */
  readonly ownerId: string;
  /** Secret with which Conductor verifies its callers' JWTs; secret. */
  readonly jwtSecret: string;
  /** The VPS's full DNS name, e.g. `alice.spoq.dev`. */
  readonly hostname: string;
  /** http(s) addresses of the two programs. */
  readonly conductorUrl: string;
  readonly cliUrl: string;
  /** Where SSH is answered; 22 unless given. */
  readonly sshPort?: number | undefined;
  readonly acme?: AcmeSettings | undefined;
}

const TEMPLATE = readFileSync(new URL("./post-install.sh", import.meta.url), "utf8");

/**
 * The script with the values in it, the secrets among them: treat the result as one secret.
 * @throws UserVpsError SCRIPT_VALUE_UNREPRESENTABLE (names the variable, never its value),
 *   SCRIPT_TOO_LARGE
 */
export function renderPostInstallScript(values: PostInstallValues): string {
  const script = fillTemplate(TEMPLATE, new Map([
    ["SSH_PASSWORD", bashWord(passwordValue("SSH_PASSWORD", values.sshPassword))],
    ["OWNER_ID", bashWord(tomlStringBody(checkedValue("OWNER_ID", values.ownerId)))],
    ["JWT_SECRET", bashWord(tomlStringBody(checkedValue("JWT_SECRET", values.jwtSecret)))],
    ["HOSTNAME", bashWord(hostnameValue("HOSTNAME", values.hostname))],
    ["CONDUCTOR_URL", bashWord(urlValue("CONDUCTOR_URL", values.conductorUrl))],
    ["CLI_URL", bashWord(urlValue("CLI_URL", values.cliUrl))],
    ["SSH_PORT", bashWord(String(values.sshPort ?? USUAL.sshPort))],
    ["CADDY_OPTIONS", bashWord(caddyOptions(values.acme ?? {}))],
  ]));

  const bytes = Buffer.byteLength(script, "utf8");
  if (bytes > SCRIPT_LIMIT_BYTES) {
    throw new UserVpsError("SCRIPT_TOO_LARGE", `The rendered script has ${bytes} bytes; Hostinger takes at most ${SCRIPT_LIMIT_BYTES}.`);
  }
  return script;
}
