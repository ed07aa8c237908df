import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { createCredentialsCipher } from "../../../src/records/credentials-cipher.ts";

const cipher = createCredentialsCipher([{ id: "k1", key: Buffer.alloc(32, 1) }]);
const TEXT = "fake-password-for-tests";

describe("the cipher for credentials", () => {
  it("opens what it sealed", () => {
    assert.equal(cipher.open("alice", cipher.seal("alice", TEXT)), TEXT);
  });

  it("seals the same text in another way each time, and holds none of it", () => {
    const [one, two] = [cipher.seal("alice", TEXT), cipher.seal("alice", TEXT)];
    assert.notDeepEqual(one.sealed, two.sealed);
    assert.ok(!one.sealed.includes(TEXT));
  });

  it("opens for nobody else", () => {
    assert.throws(() => cipher.open("bob", cipher.seal("alice", TEXT)));
  });

  it("opens nothing in which one bit was changed", () => {
    const { keyId, sealed } = cipher.seal("alice", TEXT);
    for (const place of [0, 12, 28, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[place]! ^= 1;
      assert.throws(() => cipher.open("alice", { keyId, sealed: changed }));
    }
  });

  it("opens nothing that was cut short, also not to a shorter tag", () => {
    const { keyId, sealed } = cipher.seal("alice", "");
    assert.throws(() => cipher.open("alice", { keyId, sealed: sealed.subarray(0, 20) }));
  });

  it("names a key that it does not have", () => {
    assert.throws(() => cipher.open("alice", { ...cipher.seal("alice", TEXT), keyId: "k2" }), /'k2'/);
  });
});
