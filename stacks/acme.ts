/** Who issues the VPSs' certificates: what stands of it at the top of a Caddyfile. */
import { UserVpsError } from "../providers/core/errors.ts";

/** As the stack's settings have it; empty for Caddy's own way, Let's Encrypt without an account's e-mail. */
export interface AcmeSettings {
  /** Certificates of Caddy's own making, and no authority is asked: of a VPS that waits in a pool, whose name leads nowhere. */
  readonly localCertificates?: boolean | undefined;
  /** With it, Caddy goes to ZeroSSL where Let's Encrypt refuses. */
  readonly acmeEmail?: string | undefined;
  /** The directory of another authority, in place of both. */
  readonly acmeCa?: string | undefined;
  /** An account at that authority (external account binding). */
  readonly acmeEabKeyId?: string | undefined;
  /** Secret. */
  readonly acmeEabMacKey?: string | undefined;
}

export const ACME_EMAIL_PATTERN = /^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/;
export const ACME_CA_PATTERN = /^https:\/\/[A-Za-z0-9.-]+(:\d+)?(\/[A-Za-z0-9._~%\/-]*)?$/;
export const ACME_KEY_PATTERN = /^[A-Za-z0-9._~+\/=-]+$/;

const MEANT: readonly [Exclude<keyof AcmeSettings, "localCertificates">, RegExp][] = [["acmeEmail", ACME_EMAIL_PATTERN], ["acmeCa", ACME_CA_PATTERN], ["acmeEabKeyId", ACME_KEY_PATTERN], ["acmeEabMacKey", ACME_KEY_PATTERN]];

/** What is wrong with the settings taken together. */
export function acmeFaults({ acmeCa, acmeEabKeyId, acmeEabMacKey }: AcmeSettings): string[] {
  if ((acmeEabKeyId === undefined) !== (acmeEabMacKey === undefined)) return ["acmeEabKeyId (ACME_EAB_KEY_ID) and acmeEabMacKey (ACME_EAB_MAC_KEY) go together: they are one account"];
  return acmeEabKeyId !== undefined && acmeCa === undefined ? ["acmeEabKeyId (ACME_EAB_KEY_ID) is an account at another authority: acmeCa (ACME_CA) is missing, for example https://acme.zerossl.com/v2/DV90"] : [];
}

/** By these lines configure.sh knows what it may replace. */
const BEGIN = "# Set by user-vps: changes here are lost.";
const END = "# End of what user-vps set.";

/**
 * The global options of a Caddyfile, with the newline at their end; empty if there are none.
 * @throws UserVpsError SCRIPT_VALUE_UNREPRESENTABLE, which names the setting and never quotes it
 */
export function caddyOptions(settings: AcmeSettings): string {
  for (const [name, pattern] of MEANT) {
    const value = settings[name];
    if (value !== undefined && !pattern.test(value)) throw new UserVpsError("SCRIPT_VALUE_UNREPRESENTABLE", `${name} holds what cannot stand in a Caddyfile.`);
  }
  const { localCertificates, acmeEmail, acmeCa, acmeEabKeyId, acmeEabMacKey } = settings;
  const options = [
    ...(localCertificates ? ["    local_certs", "    skip_install_trust"] : []),
    ...(acmeEmail === undefined ? [] : [`    email ${acmeEmail}`]),
    ...(acmeCa === undefined ? [] : [`    acme_ca ${acmeCa}`]),
    ...(acmeEabKeyId === undefined || acmeEabMacKey === undefined ? [] : ["    acme_eab {", `        key_id ${acmeEabKeyId}`, `        mac_key ${acmeEabMacKey}`, "    }"]),
  ];
  return options.length === 0 ? "" : [BEGIN, "{", ...options, "}", END, ""].join("\n");
}
