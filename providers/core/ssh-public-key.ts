/** The one rule of what an SSH public key is. */

/** Characters. */
export const LONGEST_SSH_PUBLIC_KEY = 8_192;

/** One line of OpenSSH's format: kind, base64, and a comment of printable characters if any. Written so that other languages read it as well: it stands in /openapi.json. */
export const SSH_PUBLIC_KEY_PATTERN = /^(ssh|ecdsa|sk)-[A-Za-z0-9@.-]+ [A-Za-z0-9+/]+={0,3}( [^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]*)?$/u;

/**
 * A key that was cut or mixed up looks right and would lock its owner out: its encoded part begins
 * with its kind (RFC 4253, 6.6), so that is compared.
 */
export function namesItsKind(line: string): boolean {
  const [kind = "", encoded = ""] = line.split(" ");
  const blob = Buffer.from(encoded, "base64");
  return blob.length > 4 + kind.length && blob.readUInt32BE(0) === kind.length && blob.subarray(4, 4 + kind.length).toString("latin1") === kind;
}

export function isSshPublicKey(line: string): boolean {
  return line.length <= LONGEST_SSH_PUBLIC_KEY && SSH_PUBLIC_KEY_PATTERN.test(line);
}
