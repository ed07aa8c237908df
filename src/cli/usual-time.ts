import type { Queryable } from "../db/index.ts";
import { countSecondsToReady, SECONDS_TO_READY_BOUNDS } from "../records/seconds-to-ready.ts";

/** How long it took most users so far: `usually within 60 s`; undefined as long as nobody was ready. */
export async function usualTime(db: Queryable): Promise<string | undefined> {
  const { counts, total } = await countSecondsToReady(db);
  const place = counts.findIndex((count) => count * 10 >= total * 9);
  if (total === 0 || place < 0) return undefined;
  return `usually within ${SECONDS_TO_READY_BOUNDS[place]} s`;
}
