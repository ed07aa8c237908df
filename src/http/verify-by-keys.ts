import { decodeProtectedHeader, errors, jwtVerify, type createRemoteJWKSet, type JWTPayload, type JWTVerifyOptions } from "jose";

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;
/** Finds the key of a token; whether newer keys may be fetched just now, and that. */
export type Keys = ((...of: Parameters<RemoteKeys>) => ReturnType<RemoteKeys>) & Pick<RemoteKeys, "coolingDown" | "reload">;

/**
 * Verifies a token by public keys that are fetched. While they are rotated, a token that names no key (`kid`) may be
 * of any of them, so each is tried; and the key that it is of may be newer than those that are known.
 */
export async function verifyByKeys(token: string, keys: Keys, options: JWTVerifyOptions): Promise<JWTPayload> {
  const verify = async () => {
    try {
      return (await jwtVerify(token, keys, options)).payload;
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) return await verifyByEach(token, error, options);
      throw error;
    }
  };
  try {
    return await verify();
  } catch (error) {
    // A token that names its key has the keys fetched anew by jose itself, if that one is not known.
    if (!(error instanceof errors.JWSSignatureVerificationFailed) || decodeProtectedHeader(token).kid !== undefined || keys.coolingDown) throw error;
    await keys.reload();
    return await verify();
  }
}

/** As jose's documentation has it: the error goes through the keys that fit. */
async function verifyByEach(token: string, fitting: errors.JWKSMultipleMatchingKeys, options: JWTVerifyOptions): Promise<JWTPayload> {
  for await (const key of fitting) {
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}
