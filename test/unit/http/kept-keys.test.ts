/** Tokens of public keys while the address of those is away. */
import assert from "node:assert/strict";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { createKeptKeys } from "../../../src/http/kept-keys.ts";

const MINUTE_MS = 60_000;
const KEPT_MS = 12 * 60 * MINUTE_MS;

describe("tokens, while the address of the public keys is away", async () => {
  const [pair, other] = await Promise.all([generateKeyPair("ES256", { extractable: true }), generateKeyPair("ES256", { extractable: true })]);
  const jwk = async ({ publicKey }: typeof pair, kid: string) => ({ ...(await exportJWK(publicKey)), kid, alg: "ES256" });
  const sign = (by = pair, kid = "k", expires = new Date(Date.now() + 24 * 60 * MINUTE_MS)) => new SignJWT({ sub: "u-alice" }).setProtectedHeader({ alg: "ES256", ...(kid && { kid }) }).setExpirationTime(expires).sign(by.privateKey);

  let served: object[];
  let isAway: boolean;
  let fetched: number;
  const told: unknown[] = [];
  let verify: ReturnType<typeof createKeptKeys>;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    [served, isAway, fetched] = [[await jwk(pair, "k")], false, 0];
    told.length = 0;
    vi.stubGlobal("fetch", async () => {
      fetched += 1;
      if (isAway) throw new TypeError("fetch failed");
      return new Response(JSON.stringify({ keys: served }));
    });
    verify = createKeptKeys(new URL("https://sign-in.example.com/keys"), { algorithms: ["ES256"] }, (error) => told.push(error));
    await verify(await sign());
    isAway = true;
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  const pass = (ms: number) => void vi.advanceTimersByTime(ms);

  it("are verified by the keys that were known, and these are asked for every half a minute at most", async () => {
    pass(11 * MINUTE_MS);
    for (let turn = 0; turn < 5; turn++) assert.equal((await verify(await sign())).sub, "u-alice");
    assert.deepEqual([fetched, told.length], [2, 1]);
    pass(MINUTE_MS);
    await Promise.all([1, 2, 3].map(async () => verify(await sign())));
    assert.deepEqual([fetched, told.length], [3, 1]);
  });

  it("are refused as ever if they are expired or forged; one that may be of a newer key meets the outage", async () => {
    pass(11 * MINUTE_MS);
    for (let turn = 0; turn < 2; turn++) {
      await assert.rejects(verify(await sign(pair, "k", new Date(Date.now() - MINUTE_MS))), { code: "ERR_JWT_EXPIRED" });
      await assert.rejects(verify(await sign(other)), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
      await assert.rejects(verify(await sign(other, "newer")), /fetch failed/);
      await assert.rejects(verify(await sign(other, "")), /fetch failed/);
      await verify(await sign(pair, ""));
    }
  });

  it("are not refused for longer than the address is away where the known keys are not enough: it is asked again, once a second at most", async () => {
    const options = { algorithms: ["ES256"] };
    verify = createKeptKeys(new URL("https://sign-in.example.com/keys"), options, (error) => told.push(error));
    fetched = 0;
    for (let turn = 0; turn < 3; turn++) await assert.rejects(verify(await sign()), /fetch failed/);
    pass(1_000);
    await Promise.all([1, 2, 3].map(async () => assert.rejects(verify(await sign()), /fetch failed/)));
    assert.deepEqual([fetched, told.length], [2, 1]);
    isAway = false;
    pass(1_000);
    await verify(await sign());
    // As soon as it has failed for one of a newer key, too.
    pass(MINUTE_MS);
    isAway = true;
    await assert.rejects(verify(await sign(other, "newer")), /fetch failed/);
    [isAway, served] = [false, [await jwk(other, "newer")]];
    pass(1_000);
    await verify(await sign(other, "newer"));
    assert.deepEqual([fetched, told.length], [5, 2]);
  });

  it("are no longer verified after twelve hours", async () => {
    pass(KEPT_MS - MINUTE_MS);
    await verify(await sign());
    pass(2 * MINUTE_MS);
    await assert.rejects(verify(await sign()), /fetch failed/);
  });

  it("are verified by the keys that are there when it is back, and the next outage is told of again", async () => {
    pass(11 * MINUTE_MS);
    await verify(await sign());
    [isAway, served] = [false, [await jwk(other, "newer")]];
    pass(MINUTE_MS);
    await verify(await sign(other, "newer"));
    await assert.rejects(verify(await sign()), { code: "ERR_JWKS_NO_MATCHING_KEY" });
    isAway = true;
    pass(11 * MINUTE_MS);
    await verify(await sign(other, "newer"));
    assert.equal(told.length, 2);
  });
});
