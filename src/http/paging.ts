/** Lists come by pages, all in this one way: `limit` and `cursor` in the query, `items` and `nextCursor` in the answer. */
import { z } from "zod";
import { firstPage, type Page } from "../db/page.ts";
import { HttpError } from "./http-error.ts";
import { wholeNumber } from "./whole-number.ts";

const MOST = 200;
const DEFAULT = 50;

/** @param cursor what `nextCursor` can be, as the query has it */
export function pageQuery<C extends z.ZodType>(cursor: C) {
  return {
    limit: wholeNumber(1, MOST).prefault(DEFAULT).describe(`How many items at most, 1 to ${MOST}.`),
    cursor: cursor.optional().describe("`nextCursor` of the page before; without it, the first page."),
  };
}

/** For lists that go by a number, which is a text to programs like any other `nextCursor`. */
export const NUMBERED_PAGE = pageQuery(z.string().regex(/^[1-9]\d{0,14}$/, "expected a nextCursor").transform(Number));

/** @param beside what the answer tells besides its items */
export function pageOf<T extends z.ZodType, B extends z.ZodRawShape = Record<never, never>>(item: T, name: string, beside?: B) {
  return z.object({ ...(beside as B), items: z.array(item), nextCursor: z.string().nullable().describe("For `cursor`; null: this is the last page.") }).meta({ id: name });
}

/** What the records answer, as HTTP shows it. */
export function pageView<T, V>({ items, nextCursor }: Page<T, string | number>, view: (item: T) => V): Page<V, string> {
  return { items: items.map(view), nextCursor: nextCursor === null ? null : String(nextCursor) };
}

/** For a list that is there as a whole, newest first: the page after the item that `cursor` names. */
export function pageWithin<T>(all: readonly T[], { limit, cursor }: { readonly limit: number; readonly cursor?: number | undefined }, idOf: (item: T) => number): Page<T, number> {
  return firstPage(cursor === undefined ? all : all.filter((item) => idOf(item) < cursor), limit, idOf);
}

/** For one that goes by names, in their order. */
export function pageAfter<T>(all: readonly T[], { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined }, nameOf: (item: T) => string): Page<T, string> {
  const place = cursor === undefined ? -1 : all.findIndex((item) => nameOf(item) === cursor);
  if (cursor !== undefined && place < 0) throw unknownCursor(cursor);
  return firstPage(all.slice(place + 1), limit, nameOf);
}

/**
 * For one that goes by names and is read in part: after a name that is not there (any more) there is nothing, which is not to
 * be taken for the list's end.
 */
export async function goneOnFrom<P extends { readonly items: readonly unknown[] }>(cursor: string | undefined, page: P, find: (name: string) => Promise<unknown>): Promise<P> {
  if (cursor !== undefined && page.items.length === 0 && (await find(cursor)) === undefined) throw unknownCursor(cursor);
  return page;
}

function unknownCursor(cursor: string): HttpError {
  const message = `'${cursor}' is nothing of this list (any more): begin again at its first page`;
  return new HttpError("REQUEST_INVALID", `query.cursor: ${message}.`, { details: [{ path: "query.cursor", message }] });
}
