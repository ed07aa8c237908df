/** Lists come by pages: a statement reads one row more than a page holds, which tells whether another page comes. */
export interface Page<Item, Cursor> {
  readonly items: Item[];
  /** Of which item the next page is what comes after; null: this is the last page. */
  readonly nextCursor: Cursor | null;
}

/** @param found what comes after the cursor, at least one more than `limit` if there is one */
export function firstPage<Item, Cursor>(found: readonly Item[], limit: number, cursorOf: (item: Item) => Cursor): Page<Item, Cursor> {
  const items = found.slice(0, limit);
  return { items, nextCursor: found.length > limit ? cursorOf(items.at(-1)!) : null };
}
