import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { waveSizes } from "../../../src/releases/waves.ts";

describe("the waves of a roll-out", () => {
  const cases: [total: number, waves: string[] | undefined, sizes: number[]][] = [
    [100, undefined, [1, 10, 89]],
    [10, ["1", "30%", "rest"], [1, 3, 6]],
    [5, undefined, [1, 1, 3]],
    [1, undefined, [1]],
    [2, undefined, [1, 1]],
    [15, ["10%", "rest"], [2, 13]],
    [3, ["5", "10%", "rest"], [3]],
    [4, ["rest"], [4]],
    [0, undefined, []],
  ];
  for (const [total, waves, sizes] of cases) {
    it(`are ${sizes.join(", ") || "none"} for ${total} VPSs in ${waves?.join(", ") ?? "the usual waves"}`, () => {
      assert.deepEqual(waveSizes(total, waves), sizes);
    });
  }

  for (const waves of [["1"], ["0", "rest"], ["101%", "rest"], ["rest", "rest"], ["-1", "rest"], ["half", "rest"], []]) {
    it(`refuse ${JSON.stringify(waves)}`, () => {
      assert.throws(() => waveSizes(10, waves), /INPUT_INVALID/);
    });
  }
});
