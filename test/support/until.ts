/** One way to wait in tests: looks again and again until something is so, with a generous limit that decides nothing. */
import { setTimeout as sleep } from "node:timers/promises";

const LIMIT_MS = 270_000;
const LOOK_INTERVAL_MS = 20;

/**
 * What `look` found, once it is neither undefined, null nor false.
 * @param tell what the error adds when it was waited for in vain
 */
export async function until<T>(what: string, look: () => T | Promise<T>, tell?: () => unknown): Promise<Exclude<T, undefined | null | false>> {
  for (const endMs = Date.now() + LIMIT_MS; ; await sleep(LOOK_INTERVAL_MS)) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found as Exclude<T, undefined | null | false>;
    if (Date.now() > endMs) throw new Error(`waited in vain for ${what}${tell ? `: ${JSON.stringify(await tell())}` : ""}`);
  }
}
