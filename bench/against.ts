/** `npm run bench -- --against CHECKOUT`: this version and another one (with its node_modules), in rounds that alternate. */
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { CheckoutFigures } from "./checkout-process.ts";
import { median } from "./rounds.ts";

const run = promisify(execFile);
const PROJECT = resolve(import.meta.dirname, "..");

export interface Against {
  readonly here: CheckoutFigures;
  readonly there: CheckoutFigures;
}

/** Medians. */
export async function compareCheckouts(checkout: string, rounds: number, say: (text: string) => void): Promise<Against> {
  const found: Readonly<Record<"here" | "there", CheckoutFigures[]>> = { here: [], there: [] };
  for (let round = 1; round <= rounds; round += 1) {
    for (const [which, root] of [["here", PROJECT], ["there", resolve(checkout)]] as const) {
      const { stdout } = await run(process.execPath, ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "checkout-process.ts"), root]);
      const figures = JSON.parse(stdout.trim().split("\n").at(-1)!) as CheckoutFigures;
      found[which].push(figures);
      say(`round ${round}, ${which}: plain creating up ${figures.createSeconds.toFixed(2)} s, nothing to do ${figures.unchangedSeconds.toFixed(2)} s; ${figures.readyAMinute.toFixed(1)} signups ready a minute`);
    }
  }
  const of = (all: readonly CheckoutFigures[]): CheckoutFigures => ({
    createSeconds: median(all.map(({ createSeconds }) => createSeconds)),
    unchangedSeconds: median(all.map(({ unchangedSeconds }) => unchangedSeconds)),
    readyAMinute: median(all.map(({ readyAMinute }) => readyAMinute)),
  });
  return { here: of(found.here), there: of(found.there) };
}
