/** What the page /me says: a file of texts for each language; a folder of the operator's own may replace texts and add languages. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";

const FOLDER = join(import.meta.dirname, "me", "texts");
const BY_DEFAULT = "en";
const TEXTS = z.record(z.string(), z.string());
const FILE = /^([a-z]{2,3})\.json$/;

export type Texts = Readonly<Record<string, string>>;

/** By language. What a language lacks is English. @throws UserVpsError CONFIG_INVALID: a file cannot be used */
export function readUserTexts(ownFolder: string | undefined): ReadonlyMap<string, Texts> {
  const given = readFolder(FOLDER);
  const own = ownFolder === undefined ? new Map<string, Texts>() : readFolder(ownFolder);
  const english = { ...given.get(BY_DEFAULT), ...own.get(BY_DEFAULT) };
  for (const [language, texts] of own) {
    const unknown = Object.keys(texts).filter((key) => !(key in english));
    if (unknown.length > 0) throw new UserVpsError("CONFIG_INVALID", `USER_PAGE_TEXTS: ${language}.json has texts that the page does not know: ${unknown.join(", ")}.`, { next: "Use the names of src/web/me/texts/en.json." });
  }
  const languages = [...new Set([BY_DEFAULT, ...given.keys(), ...own.keys()])];
  return new Map(languages.map((language) => [language, { ...english, ...given.get(language), ...own.get(language) }]));
}

function readFolder(folder: string): Map<string, Texts> {
  try {
    return new Map(readdirSync(folder).flatMap((name) => {
      const language = FILE.exec(name)?.[1];
      return language ? [[language, TEXTS.parse(JSON.parse(readFileSync(join(folder, name), "utf8")))] as const] : [];
    }));
  } catch (error) {
    throw new UserVpsError("CONFIG_INVALID", `The texts in ${folder} cannot be used: ${messageOf(error)}`, { next: "Each file is named after its language, such as de.json, and holds one object of texts." });
  }
}

/** @param wished as in `Accept-Language` */
export function chooseLanguage(languages: Iterable<string>, wished: string | undefined): string {
  const known = new Set(languages);
  const wishes = (wished ?? "").split(",").map((part) => {
    const [language = "", quality] = part.trim().split(/;\s*q=/);
    return { language: language.split("-")[0]!.toLowerCase(), quality: quality === undefined ? 1 : Number(quality) };
  });
  const best = wishes.filter(({ language, quality }) => known.has(language) && quality > 0).sort((a, b) => b.quality - a.quality)[0];
  return best?.language ?? BY_DEFAULT;
}
