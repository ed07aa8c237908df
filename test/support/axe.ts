import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const source = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const WIDE = { width: 1_440, height: 900 };
const TABLET = { width: 768, height: 1_024 };
const TELEPHONE = { width: 390, height: 844 };

interface Look {
  readonly colorScheme: "light" | "dark";
  readonly size: typeof WIDE;
  readonly axe: boolean;
}

/** In short, each width once, and axe on the widest in light and on the narrowest in dark: colors move nothing. */
const SHORT: readonly Look[] = [
  { colorScheme: "light", size: WIDE, axe: true },
  { colorScheme: "light", size: TABLET, axe: false },
  { colorScheme: "dark", size: TELEPHONE, axe: true },
];
const ALL: readonly Look[] = (["light", "dark"] as const).flatMap((colorScheme) => [WIDE, TABLET, TELEPHONE].map((size) => ({ colorScheme, size, axe: true })));
const LOOKS = process.env["AXE_LOOKS"] === "all" ? ALL : SHORT;

/** As it is now, in light and dark, on a wide screen, a tablet and a telephone: axe finds nothing, and nothing runs out of the window. */
export async function assertAccessible(page: Page, state = "the page"): Promise<void> {
  for (const { colorScheme, size, axe } of LOOKS) {
    const name = `${state}, ${colorScheme}, ${size.width} px`;
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize(size);
    if (axe) assert.deepEqual(await violationsOn(page), [], name);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true, `${name}: something is wider than the window`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(WIDE);
}

/** What axe-core finds on the page as it is now, by rule and element. */
async function violationsOn(page: Page): Promise<string[]> {
  if (await page.evaluate("typeof axe") === "undefined") await page.evaluate(await source);
  return await page.evaluate<string[]>(`axe.run({ resultTypes: ["violations"] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ": " + target.join(" ") + ": " + (failureSummary ?? ""))))`);
}
