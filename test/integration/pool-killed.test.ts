/** The short form of `npm run proof:pool`. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { provePool } from "../support/pool-proof.ts";
import { withDatabase } from "../support/postgres.ts";

describe("workers that are killed while users claim a pool's VPSs", () => {
  it("lose none, give none twice, and buy none too many", { timeout: 400_000 }, async () => {
    const { url } = await withDatabase();
    const { claimed, kills, wrong } = await provePool({ url, seeds: [1], killsASeed: 6, usersASeed: 8, members: 4 });
    assert.deepEqual(wrong, []);
    assert.equal(kills, 6);
    assert.ok(claimed >= 4, `${claimed} claims`);
  });
});
