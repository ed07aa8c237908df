/** PNG with a palette: pictures of pages have few colours, and are a third as large so. */
import { crc32, deflateSync } from "node:zlib";

const MOST_COLOURS = 256;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Four bytes a pixel, from the upper left; what is not opaque counts as it is. */
  readonly rgba: Uint8Array;
}

/** The 256 colours that are there most, of each the nearest for what is left. */
export function smallPng({ width, height, rgba }: Picture): Buffer {
  const palette = paletteOf(rgba);
  const indexOf = nearestIn(palette);
  // Each line begins with its filter: none, which is best for a palette.
  const lines = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) lines[y * (width + 1) + 1 + x] = indexOf(colourAt(rgba, y * width + x));
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8);
  const plte = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 0xff, colour & 0xff]));
  return Buffer.concat([SIGNATURE, chunk("IHDR", header), chunk("PLTE", plte), chunk("IDAT", deflateSync(lines, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}

function colourAt(rgba: Uint8Array, pixel: number): number {
  return (rgba[pixel * 4]! << 16) | (rgba[pixel * 4 + 1]! << 8) | rgba[pixel * 4 + 2]!;
}

function paletteOf(rgba: Uint8Array): number[] {
  const counts = new Map<number, number>();
  for (let pixel = 0; pixel * 4 < rgba.length; pixel += 1) {
    const colour = colourAt(rgba, pixel);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a).slice(0, MOST_COLOURS).map(([colour]) => colour);
}

function nearestIn(palette: readonly number[]): (colour: number) => number {
  const known = new Map(palette.map((colour, index) => [colour, index]));
  const distance = (a: number, b: number) => ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 0xff) - ((b >> 8) & 0xff)) ** 2 + ((a & 0xff) - (b & 0xff)) ** 2;
  return (colour) => {
    const index = known.get(colour);
    if (index !== undefined) return index;
    let nearest = 0;
    for (let other = 1; other < palette.length; other += 1) if (distance(colour, palette[other]!) < distance(colour, palette[nearest]!)) nearest = other;
    known.set(colour, nearest);
    return nearest;
  };
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
