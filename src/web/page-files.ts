/** The page as it lies in the folder `pages`: read once, sent as it is. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

const FOLDER = join(import.meta.dirname, "pages");
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

/** By file name. */
export function readPageFiles(folder = FOLDER): ReadonlyMap<string, PageFile> {
  const names = readdirSync(folder).filter((name) => TYPES[extname(name)]);
  return new Map(names.map((name) => {
    const content = readFileSync(join(folder, name));
    return [name, { name, type: TYPES[extname(name)]!, content, etag: `"${createHash("sha256").update(content).digest("base64url").slice(0, 22)}"` }];
  }));
}
