/** The public keys at an address, which serve on for a while when it is away: an outage there ends no sign-in here. */
import { createLocalJWKSet, createRemoteJWKSet, errors, jwksCache, type JWKSCacheInput, type JWTPayload, type JWTVerifyOptions } from "jose";
import { HOUR_MS, SECOND_MS } from "../../providers/core/time.ts";
import { verifyByKeys, type Keys } from "./verify-by-keys.ts";

/** A key that is taken back while the address is away is believed for no longer. */
const KEPT_MS = 12 * HOUR_MS;
/** How often they are asked for meanwhile: while those that are kept serve, and by tokens that they are not enough for. */
const REST_MS = 30 * SECOND_MS;
const SHORT_REST_MS = 1 * SECOND_MS;

/** Whether the keys could not be fetched, whatever the token is. */
export function keysAreAway(error: unknown): boolean {
  return error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || !(error instanceof errors.JOSEError) || error.code === "ERR_JOSE_GENERIC";
}

/** @param onAway told once for each outage */
export function createKeptKeys(url: URL, options: JWTVerifyOptions, onAway: (error: unknown) => void): (token: string) => Promise<JWTPayload> {
  const cache: JWKSCacheInput = {};
  const keys = createRemoteJWKSet(url, { [jwksCache]: cache });
  /** Over as soon as keys are fetched again. */
  let outage: { readonly error: unknown; readonly fetchedMs: number | undefined; askedMs: number } | undefined;

  /** A token that may be of a newer key is not refused: what is wrong is that those cannot be fetched. */
  async function verifyByKept(token: string, error: unknown): Promise<JWTPayload> {
    const jwks = keys.jwks();
    if (!jwks || cache.uat === undefined || Date.now() - cache.uat > KEPT_MS) throw error;
    const local = createLocalJWKSet(jwks);
    const kept = (...of: Parameters<Keys>) => local(...of).catch((reason: unknown) => { throw reason instanceof errors.JWKSNoMatchingKey ? error : reason; });
    return await verifyByKeys(token, Object.assign(kept, { coolingDown: false, reload: () => { throw error; } }), options);
  }

  return async (token) => {
    if (outage?.fetchedMs !== cache.uat) outage = undefined;
    const away = outage;
    if (away && performance.now() - away.askedMs < REST_MS) {
      const payload = await verifyByKept(token, away.error).catch((reason: unknown) => {
        if (reason !== away.error || performance.now() - away.askedMs < SHORT_REST_MS) throw reason;
      });
      if (payload) return payload;
    }
    // One looks whether they are back, and the others go on.
    if (away) away.askedMs = performance.now();
    try {
      return await verifyByKeys(token, keys, options);
    } catch (error) {
      if (!keysAreAway(error)) throw error;
      if (!outage) onAway(error);
      outage = { error, fetchedMs: cache.uat, askedMs: performance.now() };
      return await verifyByKept(token, error);
    }
  };
}
