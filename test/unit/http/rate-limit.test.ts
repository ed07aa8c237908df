import assert from "node:assert/strict";
import { afterEach, describe, it, vi } from "vitest";
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

  it("do not grow without an end: of too many, those that began first are forgotten", () => {
    const store = new MonotonicStore();
    at(0);
    for (let number = 0; number < 20_000; number += 1) count(store, `user ${number}`);
    count(store, "one more");
    assert.equal(count(store, "user 19999").current, 2);
    assert.equal(count(store, "user 0").current, 1);
  });
});
