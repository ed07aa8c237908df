import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { CipherKey } from "../config/value-schemas.ts";

export type { CipherKey };

export interface Sealed {
  readonly keyId: string;
  /** Nonce (12 bytes), authentication tag (16 bytes), ciphertext. */
  readonly sealed: Buffer;
}

/** AES-256-GCM; the user id is associated data, so what was sealed for one user does not open for another. */
export interface CredentialsCipher {
  readonly keyIds: readonly string[];
  seal(userId: string, text: string): Sealed;
  /** Throws if the key is not known, or if anything was changed since it was sealed. */
  open(userId: string, sealed: Sealed): string;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @param keys the first one seals; all of them open, so that a key can be replaced while the old one still opens */
export function createCredentialsCipher(keys: readonly [CipherKey, ...CipherKey[]]): CredentialsCipher {
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  return {
    keyIds: [...byId.keys()],
    seal(userId, text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", keys[0].key, nonce).setAAD(Buffer.from(userId));
      const ciphertext = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return { keyId: keys[0].id, sealed: Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]) };
    },
    open(userId, { keyId, sealed }) {
      const key = byId.get(keyId);
      if (!key) throw new Error(`The key '${keyId}' is not among the keys for credentials.`);
      // The length is named because a shorter tag, which is easier to guess, would be taken otherwise.
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES }).setAAD(Buffer.from(userId));
      decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString("utf8");
    },
  };
}
