import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { readUserTexts } from "../../../src/web/user-texts.ts";
import { isReadable, themeCss } from "../../../src/web/user-theme.ts";

function folderWith(files: Record<string, object>): string {
  const folder = mkdtempSync(join(tmpdir(), "user-vps-texts-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, texts] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(texts));
  return folder;
}

describe("the texts of the user's page", () => {
  it("are there in English and German, each with the same names and the same values to fill in", () => {
    const given = readUserTexts(undefined);
    assert.deepEqual([...given.keys()].sort(), ["de", "en"]);
    const values = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
    const [en, de] = [given.get("en")!, given.get("de")!];
    for (const [key, text] of Object.entries(en)) {
      assert.notEqual(de[key], undefined, key);
      assert.deepEqual(values(de[key]!), values(text), key);
    }
    // What is the same in both: a translation that was forgotten would be too.
    assert.deepEqual(Object.keys(en).filter((key) => en[key] === de[key]), ["host"]);
  });

  it("are replaced and added to by files of one's own; what those lack is English", () => {
    const own = readUserTexts(folderWith({ "en.json": { "failed-next": "Call 555." }, "fr.json": { copy: "Copier" } }));
    assert.equal(own.get("en")!["failed-next"], "Call 555.");
    assert.equal(own.get("fr")!["copy"], "Copier");
    assert.equal(own.get("fr")!["failed-next"], "Call 555.");
  });

  it("are refused where the page does not know them, or where they are none", () => {
    assert.throws(() => readUserTexts(folderWith({ "de.json": { kopieren: "x" } })), /de\.json has texts that the page does not know: kopieren/);
    assert.throws(() => readUserTexts(folderWith({ "de.json": { copy: 1 } })), { code: "CONFIG_INVALID" });
    assert.throws(() => readUserTexts("/nowhere"), { code: "CONFIG_INVALID" });
  });
});

describe("the theme", () => {
  it("takes colours that can be read, and writes on them in the colour that can be", () => {
    assert.equal(isReadable("#3153bf", "light"), true);
    assert.equal(isReadable("#3153bf", "dark"), false);
    assert.equal(isReadable("#8aa8ff", "dark"), true);
    assert.match(themeCss({ light: "#3153bf", dark: "#8aa8ff" }), /light\) \{ :root \{ --accent: #3153bf; .*--on-accent: #ffffff; \} \}\n.*dark\) \{ :root \{ --accent: #8aa8ff; .*--on-accent: #000000/);
    assert.equal(themeCss({ light: undefined, dark: undefined }), "");
  });
});
