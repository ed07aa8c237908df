/** The pages as they lie in the folder `pages`: read once, sent as they are. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { NOT_FOUND_PAGE, PAGES, pageDocument } from "./page-list.ts";

const FOLDER = join(import.meta.dirname, "pages");
const LAYOUT = "layout.html";
/** Of the user's page, which takes style and elements from the operators'. */
export const USER_PAGE_FOLDER = join(import.meta.dirname, "me");

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

export interface PageFile {
  readonly name: string;
  readonly type: string;
  readonly content: Buffer;
  readonly etag: string;
}

/** By file name. An operators' page of the list is in its layout. */
export function readPageFiles(folder = FOLDER): ReadonlyMap<string, PageFile> {
  const names = readdirSync(folder).filter((name) => TYPES[extname(name)] && name !== LAYOUT);
  return new Map(names.map((name) => {
    const file = readFileSync(join(folder, name));
    const page = folder === FOLDER ? [...PAGES, NOT_FOUND_PAGE].find((one) => `${one.name}.html` === name) : undefined;
    const content = page ? Buffer.from(pageDocument(readFileSync(join(folder, LAYOUT), "utf8"), page, file.toString())) : file;
    return [name, { name, type: TYPES[extname(name)]!, content, etag: `"${createHash("sha256").update(content).digest("base64url").slice(0, 22)}"` }];
  }));
}
