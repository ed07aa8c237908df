import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "vitest";
import { CHECKOUT, describedApi, documentsOfTheCode } from "../../../docs/generate/documents.ts";
import { firstDifference } from "../../../docs/generate/first-difference.ts";

describe("a document that follows from the code", async () => {
  for (const [path, wanted] of await documentsOfTheCode(await describedApi())) {
    it(`${path} is as \`npm run docs\` writes it`, async () => {
      assert.equal(firstDifference(await readFile(join(CHECKOUT, path), "utf8"), wanted), undefined);
    });
  }
});
