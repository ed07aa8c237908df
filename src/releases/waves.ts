import { UserVpsError } from "../../providers/core/errors.ts";

/** One VPS first, then a tenth of all, then the others. */
export const DEFAULT_WAVES: readonly string[] = ["1", "10%", "rest"];

/** Of each wave for itself; `rest` is the last one, and only that. */
export const WAVE_PATTERN = /^(?:[1-9]\d{0,5}%?|rest)$/;

/**
 * How many VPSs each wave has, in all `total`. A wave is a number (`5`), a share of all (`10%`,
 * rounded up) or, as the last one, `rest`; waves that nobody is left for are left out.
 *
 * @throws UserVpsError INPUT_INVALID
 */
export function waveSizes(total: number, waves: readonly string[] = DEFAULT_WAVES): number[] {
  if (waves.at(-1) !== "rest") throw new UserVpsError("INPUT_INVALID", `The waves ${JSON.stringify(waves)} cannot be used: expected the last one to be 'rest', so that nobody is left out.`);
  let left = total;
  const sizes = waves.map((wave, index) => {
    const size = Math.min(left, wave === "rest" && index === waves.length - 1 ? left : sizeOf(wave, total));
    left -= size;
    return size;
  });
  return sizes.filter((size) => size > 0);
}

function sizeOf(wave: string, total: number): number {
  const [, digits, percent] = /^([1-9]\d{0,5})(%?)$/.exec(wave) ?? [];
  const number = Number(digits);
  if (digits === undefined || (percent === "%" && number > 100)) throw new UserVpsError("INPUT_INVALID", `The wave ${JSON.stringify(wave)} cannot be used: expected a number of VPSs such as '5', a share such as '10%', or 'rest' as the last one.`);
  return percent === "%" ? Math.ceil((total * number) / 100) : number;
}
