import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const source = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const WIDE = { width: 1_440, height: 900 };
const SIZES = [WIDE, { width: 768, height: 1_024 }, { width: 390, height: 844 }];
const LOOKS = (["light", "dark"] as const).flatMap((colorScheme) => SIZES.map((size) => ({ colorScheme, size })));
/** In short, axe takes each scheme once, on the widest and on the narrowest window; `npm run test:looks` has it take all. */
const AXE_LOOKS = process.env["AXE_LOOKS"] === "all" ? LOOKS : [LOOKS[0]!, LOOKS.at(-1)!];

/** As it is now, in light and dark, on a wide screen, a tablet and a telephone: axe finds nothing, and nothing runs out of the window. */
export async function assertAccessible(page: Page, state = "the page"): Promise<void> {
  for (const look of LOOKS) {
    const name = `${state}, ${look.colorScheme}, ${look.size.width} px`;
    await page.emulateMedia({ colorScheme: look.colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize(look.size);
    if (AXE_LOOKS.includes(look)) assert.deepEqual(await violationsOn(page), [], name);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true, `${name}: something is wider than the window`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(WIDE);
}

/** What axe-core finds on the page as it is now, by rule and element. */
async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate(await source);
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary ?? ""}`));
}
