/** The pages as they lie in the folder `pages`: read once, sent as they are. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { PAGES, pageDocument } from "./page-list.ts";

const FOLDER = join(import.meta.dirname, "pages");

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

/** By file name. A page of the list is in its layout. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const layout = readFileSync(join(FOLDER, "layout.html"), "utf8");
  const names = readdirSync(FOLDER).filter((name) => TYPES[extname(name)] && name !== "layout.html");
  return new Map(names.map((name) => {
    const file = readFileSync(join(FOLDER, name));
    const page = PAGES.find((one) => `${one.name}.html` === name);
    const content = page ? Buffer.from(pageDocument(layout, page, file.toString())) : file;
    return [name, { name, type: TYPES[extname(name)]!, content, etag: `"${createHash("sha256").update(content).digest("base64url").slice(0, 22)}"` }];
  }));
}
