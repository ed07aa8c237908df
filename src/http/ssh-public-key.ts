import { z } from "zod";

const FORMAT = /^(ssh|ecdsa|sk)-[A-Za-z0-9@.-]+ [A-Za-z0-9+\/]+={0,2}( [ -~]*)?$/;
const LONGEST = 8_192;

/** One line of OpenSSH's format: kind, base64, and a comment if any. The base64 begins with the kind again (RFC 4253, 6.6). */
export const SSH_PUBLIC_KEY = z.string()
  .max(LONGEST, `expected at most ${LONGEST} characters`)
  .regex(FORMAT, "expected one public key in OpenSSH format, such as 'ssh-ed25519 AAAA… name'")
  .refine(namesItsKind, "expected a public key whose encoded part is of the kind that it names");

function namesItsKind(line: string): boolean {
  const [kind = "", encoded = ""] = line.split(" ");
  const blob = Buffer.from(encoded, "base64");
  return blob.length > 4 + kind.length && blob.readUInt32BE(0) === kind.length && blob.subarray(4, 4 + kind.length).toString("latin1") === kind;
}
