import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const source = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const WIDE = { width: 1_200, height: 900 };
const LOOKS = [
  { name: "light", colorScheme: "light", size: WIDE },
  { name: "dark", colorScheme: "dark", size: WIDE },
  { name: "narrow", colorScheme: "light", size: { width: 360, height: 800 } },
] as const;

/** As it is now, in light, dark and on a narrow screen: no serious violation of accessibility, and nothing that runs out of the window. */
export async function assertAccessible(page: Page): Promise<void> {
  for (const { name, colorScheme, size } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize(size);
    assert.deepEqual(await seriousViolations(page), [], name);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true, `${name}: something is wider than the window`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(WIDE);
}

/** What axe-core finds serious or critical on the page as it is now, by rule and element. */
export async function seriousViolations(page: Page): Promise<string[]> {
  await page.evaluate(await source);
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary ?? ""}`));
}
