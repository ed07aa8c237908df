import { createHash } from "node:crypto";
import { join } from "node:path";

/**
 * Where the project keeps what it makes for itself on this machine: `.user-vps` in the checkout. An installed
 * package is npm's, and often nobody may write there who runs it: then a folder in the user's cache.
 */
export function ownFolder(checkout: string, cacheRoot: string): string {
  if (!`${checkout}/`.includes("/node_modules/")) return join(checkout, ".user-vps");
  return join(cacheRoot, `installed-${createHash("sha256").update(checkout).digest("hex").slice(0, 8)}`);
}
