import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const source = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const WIDE = { width: 1_440, height: 900 };
const NARROW = { width: 390, height: 844 };
const LOOKS = [
  { name: "light", colorScheme: "light", size: WIDE },
  { name: "dark", colorScheme: "dark", size: WIDE },
  { name: "tablet", colorScheme: "light", size: { width: 768, height: 1_024 } },
  { name: "narrow", colorScheme: "light", size: NARROW },
  { name: "narrow and dark", colorScheme: "dark", size: NARROW },
] as const;

/** As it is now, in light and dark, on a wide screen, a tablet and a telephone: axe finds nothing, and nothing runs out of the window. */
export async function assertAccessible(page: Page): Promise<void> {
  for (const { name, colorScheme, size } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize(size);
    assert.deepEqual(await violationsOn(page), [], name);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true, `${name}: something is wider than the window`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(WIDE);
}

/** What axe-core finds on the page as it is now, by rule and element. */
export async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate(await source);
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary ?? ""}`));
}
