import { createHash } from "node:crypto";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/**
 * Where the project keeps what it makes for itself on this machine: `.user-vps` in the checkout. Where nobody may write
 * there who runs it (an installed package is npm's, a checkout in /opt often root's): a folder in the user's cache.
 */
export function ownFolder(checkout: string, cacheRoot: string): string {
  const inCheckout = join(checkout, ".user-vps");
  const kind = `${checkout}/`.includes("/node_modules/") ? "installed" : mayMake(inCheckout, checkout) ? undefined : "checkout";
  return kind === undefined ? inCheckout : join(cacheRoot, `${kind}-${createHash("sha256").update(checkout).digest("hex").slice(0, 8)}`);
}

function mayMake(folder: string, parent: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") return false;
  }
  try {
    accessSync(parent, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
