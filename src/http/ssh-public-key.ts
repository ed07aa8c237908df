import { z } from "zod";
import { UserVpsError } from "../../providers/core/errors.ts";

const LONGEST = 8_192;

/** One line of OpenSSH's format: kind, base64, and a comment if any. */
export const SSH_PUBLIC_KEY = z.string()
  .max(LONGEST, `expected at most ${LONGEST} characters`)
  .regex(/^(ssh|ecdsa|sk)-[A-Za-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}( [ -~]*)?$/, "expected one public key in OpenSSH format, such as 'ssh-ed25519 AAAA… name'");

/**
 * A key that was cut or mixed up looks right and would lock its owner out: its encoded part begins
 * with its kind (RFC 4253, 6.6), so that is compared.
 *
 * @throws UserVpsError INPUT_INVALID
 */
export function checkSshPublicKey(line: string): void {
  const [kind = "", encoded = ""] = line.split(" ");
  const blob = Buffer.from(encoded, "base64");
  const namesItsKind = blob.length > 4 + kind.length && blob.readUInt32BE(0) === kind.length && blob.subarray(4, 4 + kind.length).toString("latin1") === kind;
  if (!namesItsKind) throw new UserVpsError("INPUT_INVALID", `sshPublicKey: expected a key whose encoded part is of the kind '${kind.slice(0, 40)}'.`);
}
