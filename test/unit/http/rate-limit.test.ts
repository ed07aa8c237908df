import assert from "node:assert/strict";
import { afterEach, describe, it, vi } from "vitest";
import { networkOf } from "../../../src/http/networks.ts";
import { MonotonicStore } from "../../../src/http/rate-limit.ts";

afterEach(() => void vi.restoreAllMocks());

describe("the counts of the rate limit", () => {
  const count = (store: MonotonicStore, key: string) => {
    let counted: { current: number; ttl: number } | undefined;
    store.incr(key, (_error, result) => { counted = result; }, 60_000);
    return counted!;
  };
  const at = (ms: number) => void vi.spyOn(performance, "now").mockReturnValue(ms);

  it("are of a minute from the first on, each by itself", () => {
    const store = new MonotonicStore();
    at(1_000);
    assert.deepEqual([count(store, "alice"), count(store, "alice"), count(store, "bob")], [{ current: 1, ttl: 60_000 }, { current: 2, ttl: 60_000 }, { current: 1, ttl: 60_000 }]);
    at(31_000);
    assert.deepEqual([count(store, "alice"), count(store, "carol")], [{ current: 3, ttl: 30_000 }, { current: 1, ttl: 60_000 }]);
    at(61_000);
    assert.deepEqual([count(store, "alice"), count(store, "carol")], [{ current: 1, ttl: 60_000 }, { current: 2, ttl: 30_000 }]);
    assert.deepEqual(count(store.child(), "alice"), { current: 1, ttl: 60_000 });
  });

  it("do not grow without an end: of too many, whoever came least is forgotten, and of equals who began first", () => {
    const store = new MonotonicStore();
    at(0);
    for (let times = 0; times < 500; times += 1) count(store, "mallory");
    for (let number = 0; number < 50_000; number += 1) count(store, `user ${number}`);
    assert.equal(count(store, "mallory").current, 501);
    assert.equal(count(store, "user 49999").current, 2);
    assert.equal(count(store, "user 0").current, 1);
  });
});

describe("an address that is counted", () => {
  const cases: [whose: string, addresses: string[], counted: string][] = [
    ["IPv4", ["203.0.113.7", "::ffff:203.0.113.7", "::ffff:cb00:7107"], "203.0.113.7"],
    ["IPv6", ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:0DB8:1:2::", "2001:db8:1:2::1%eth0"], "2001:db8:1:2::/64"],
    ["IPv6 of another network", ["2001:db8:1:3::1"], "2001:db8:1:3::/64"],
    ["IPv6 with zeros in its network", ["2001:db8::1", "2001:db8::7:0:0:1"], "2001:db8:0:0::/64"],
    ["IPv6 of the machine itself", ["::1"], "0:0:0:0::/64"],
    ["no address", ["unknown"], "unknown"],
  ];
  for (const [whose, addresses, counted] of cases) {
    it(`is ${counted} for ${whose}`, () => {
      for (const address of addresses) assert.equal(networkOf(address), counted, address);
    });
  }
});
