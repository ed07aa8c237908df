import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";
import { describe, it } from "vitest";
import { smallPng } from "../../support/small-png.ts";

/** Its colours, pixel by pixel. */
function coloursOf(png: Buffer): string[] {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) chunks.set(png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  assert.deepEqual([...chunks.keys()], ["IHDR", "PLTE", "IDAT", "IEND"]);
  const width = chunks.get("IHDR")!.readUInt32BE(0);
  const palette = chunks.get("PLTE")!;
  return [...inflateSync(chunks.get("IDAT")!)].filter((_, at) => at % (width + 1) !== 0).map((index) => palette.toString("hex", index * 3, index * 3 + 3));
}

const rgba = (...colours: string[]) => Buffer.from(colours.map((colour) => `${colour}ff`).join(""), "hex");

describe("smallPng", () => {
  it("keeps every colour where there are no more than 256", () => {
    const colours = ["000000", "ffffff", "3153bf", "000000", "010203", "ffffff"];
    assert.deepEqual(coloursOf(smallPng({ width: 3, height: 2, rgba: rgba(...colours) })), colours);
  });

  it("takes the nearest of the 256 that are there most for what is left", () => {
    const most = Array.from({ length: 256 }, (_, grey) => grey.toString(16).padStart(2, "0").repeat(3));
    const colours = [...most, ...most, "7f7f82", "fffff0"];
    assert.deepEqual(coloursOf(smallPng({ width: colours.length, height: 1, rgba: rgba(...colours) })).slice(-2), ["808080", "fafafa"]);
  });
});
