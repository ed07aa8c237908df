/** Renders post-install.sh, the script that Hostinger runs on a new VPS, for one user. */

import { readFileSync } from "node:fs";
import { UserVpsError } from "../providers/core/errors.ts";
import { SCRIPT_LIMIT_BYTES } from "../providers/hostinger/api/specification.ts";
import { bashWord, hostnameFault, tomlStringBody, unrepresentable, urlFault } from "./post-install-quoting.ts";

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
}

/** libcrypt's CRYPT_MAX_PASSPHRASE_SIZE (512) less the NUL; chpasswd fails on the VPS beyond it. */
const PASSWORD_LIMIT_BYTES = 511;

const TEMPLATE = readFileSync(new URL("./post-install.sh", import.meta.url), "utf8");

/**
 * The script with the values in it, the secrets among them: treat the result as one secret.
 * @throws UserVpsError SCRIPT_VALUE_UNREPRESENTABLE (names the variable, never its value),
 *   SCRIPT_TOO_LARGE
 */
export function renderPostInstallScript(values: PostInstallValues): string {
  const words = new Map([
    ["SSH_PASSWORD", bashWord(checked("SSH_PASSWORD", values.sshPassword, passwordFault))],
    ["OWNER_ID", bashWord(tomlStringBody(checked("OWNER_ID", values.ownerId)))],
    ["JWT_SECRET", bashWord(tomlStringBody(checked("JWT_SECRET", values.jwtSecret)))],
    ["HOSTNAME", bashWord(checked("HOSTNAME", values.hostname, hostnameFault))],
    ["CONDUCTOR_URL", bashWord(checked("CONDUCTOR_URL", values.conductorUrl, urlFault))],
    ["CLI_URL", bashWord(checked("CLI_URL", values.cliUrl, urlFault))],
  ]);

  // One pass over the template: a value that looks like a placeholder is never looked at again.
  const script = TEMPLATE.replaceAll(/__([A-Z]+(?:_[A-Z]+)*)__/g, (placeholder, name: string) => {
    const word = words.get(name);
    if (word === undefined) throw new Error(`post-install.sh holds the unknown placeholder ${placeholder}.`);
    return word;
  });

  const bytes = Buffer.byteLength(script, "utf8");
  if (bytes > SCRIPT_LIMIT_BYTES) {
    throw new UserVpsError("SCRIPT_TOO_LARGE", `The rendered script has ${bytes} bytes; Hostinger takes at most ${SCRIPT_LIMIT_BYTES}.`);
  }
  return script;
}

function checked(variable: string, value: string, furtherFault?: (value: string) => string | undefined): string {
  const fault = unrepresentable(value) ?? furtherFault?.(value);
  if (fault !== undefined) throw new UserVpsError("SCRIPT_VALUE_UNREPRESENTABLE", `${variable} ${fault}.`);
  return value;
}

function passwordFault(value: string): string | undefined {
  return Buffer.byteLength(value, "utf8") > PASSWORD_LIMIT_BYTES
    ? `is longer than ${PASSWORD_LIMIT_BYTES} bytes, the most that the VPS's password hash takes`
    : undefined;
}
