/** The pictures of the documents, which test/support/screenshots.ts makes. That those which are named exist is looked at with the links. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it } from "vitest";
import { linksOf } from "../../support/markdown-links.ts";

const DOCS = resolve(import.meta.dirname, "..", "..", "..", "docs");
const PICTURES = join(DOCS, "pictures");
const MOST_BYTES = 150_000;
const names = readdirSync(PICTURES).toSorted();

describe("the pictures", () => {
  it("are few, and small", () => {
    assert.ok(names.length > 0 && names.length <= 12, `${names.length} pictures`);
    for (const name of names) {
      const { size } = statSync(join(PICTURES, name));
      assert.ok(size <= MOST_BYTES, `${name}: ${size} bytes`);
    }
  });

  it("are all in the guide to the pages", () => {
    const shown = linksOf(readFileSync(join(DOCS, "page.md"), "utf8")).filter((link) => link.startsWith("pictures/"));
    assert.deepEqual([...new Set(shown)].toSorted(), names.map((name) => `pictures/${name}`));
  });
});
