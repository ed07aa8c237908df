/** Lists of the API: some are plain arrays, most are pages of 50 as `{data, meta}`. */

import { z } from "zod";

import { UserVpsError } from "../../core/errors.ts";
import type { CallOptions, HostingerTransport } from "./transport.ts";

/** A list that never ends is a fault of the server; 50 000 objects are more than an account has. */
const MAX_PAGES = 1_000;

/** Some servers write numbers as texts. */
const countSchema = z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.int().nonnegative());

/** OpenAPI: `Common.Schema.PaginationMetaSchema`. */
const metaSchema = z.object({ current_page: countSchema.pipe(z.int().positive()), per_page: countSchema.pipe(z.int().positive()), total: countSchema });

function pageSchema<T>(item: z.ZodType<T>) {
  const page = z.object({ data: z.array(item), meta: metaSchema.optional().catch(undefined) });
  return z.union([page, z.array(item).transform((data) => ({ data, meta: "unpaged" as const }))]);
}

/**
 * All pages, or the first `maxPages`; an object that moved to the next page meanwhile is there once.
 * Where no page tells how many there are, the list ends with a page that brings nothing new.
 * @throws UserVpsError API_LIST_INCOMPLETE if the pages end before what they tell, or do not end
 */
export async function listPages<T extends { readonly id: number }>(
  transport: HostingerTransport,
  path: string,
  item: z.ZodType<T>,
  call: CallOptions | undefined,
  maxPages?: number,
): Promise<T[]> {
  const schema = pageSchema(item);
  const found = new Map<number, T>();
  for (let page = 1; page <= (maxPages ?? MAX_PAGES); page++) {
    const { data, meta } = await transport.call(schema, { method: "GET", path, query: { page: String(page) } }, call);
    const known = found.size;
    for (const object of data) found.set(object.id, object);
    const isEnd = meta === "unpaged" || (meta ? meta.current_page * meta.per_page >= meta.total : found.size === known);
    if (isEnd || page === maxPages) return [...found.values()];
    if (found.size === known) throw incomplete(path, `page ${page} brings nothing new, and ${found.size} are not all${meta ? ` of ${meta.total}` : ""}`);
  }
  throw incomplete(path, `${MAX_PAGES} pages are not enough`);
}

export interface NewestOptions<T> {
  /** So many pages are read in any case. */
  readonly leastPages: number;
  /** More are an error. */
  readonly mostPages: number;
  /** Whether all that is older than this one does not matter. */
  readonly isOldEnough: (item: T) => boolean;
}

/** Where the newest end of a list was found, so that the next look begins there. */
export interface NewestPlace {
  readonly page: number;
  readonly order: "ascending" | "descending";
}

export interface Newest<T> {
  /** The newest, that is the one of the highest id, first. */
  readonly items: readonly T[];
  readonly place: NewestPlace | undefined;
}

/**
 * Reads a list whose ids are given out in order from its newest end, only as far back as it matters.
 * What is made while it is read may be missing, what was there before is not.
 * @throws UserVpsError API_LIST_INCOMPLETE if it is not certain where the list ends
 */
export async function readNewest<T extends { readonly id: number }>(
  transport: HostingerTransport,
  path: string,
  item: z.ZodType<T>,
  options: NewestOptions<T>,
  { call, place }: { readonly call?: CallOptions | undefined; readonly place?: NewestPlace | undefined } = {},
): Promise<Newest<T>> {
  const list = new PagedList(transport, path, item, call);
  const known = place?.order === "ascending" ? await list.lastPage(place.page) : undefined;
  if (known && known.number > 1) return list.backwards(known, options);
  const first = known ?? (await list.page(1));
  if (first.last === 1) return { items: newestFirst(first.items), place: undefined };
  const end = await list.lastPage(first.last);
  const [firstIds, endIds] = [first.items, end.items].map((items) => items.map(({ id }) => id)) as [number[], number[]];
  if (Math.max(...firstIds) < Math.min(...endIds)) return list.backwards(end, options);
  if (Math.min(...firstIds) > Math.max(...endIds)) return list.forwards(first, options);
  throw list.incomplete("it is not in the order of its ids");
}

interface Page<T> {
  readonly items: readonly T[];
  readonly number: number;
  /** The number of the last page, as this page tells it. */
  readonly last: number;
  readonly total: number;
}

/** A list that grows at its end while it is read may be followed so often. */
const MOST_MOVES = 5;
/** The server counts and reads one after the other: what is removed in between is missing from one answer, and from the next it is not. */
const MOST_ASKS = 3;

class PagedList<T extends { readonly id: number }> {
  readonly #transport: HostingerTransport;
  readonly #path: string;
  readonly #schema: ReturnType<typeof pageSchema<T>>;
  readonly #call: CallOptions | undefined;

  constructor(transport: HostingerTransport, path: string, item: z.ZodType<T>, call: CallOptions | undefined) {
    this.#transport = transport;
    this.#path = path;
    this.#schema = pageSchema(item);
    this.#call = call;
  }

  /** As many entries as it tells itself: one that shows fewer hides what may be what matters. */
  async page(number: number): Promise<Page<T>> {
    for (let ask = 1; ; ask++) {
      const { due, ...page } = await this.#ask(number);
      const held = new Set(page.items.map(({ id }) => id)).size;
      if (held >= due) return page;
      if (ask === MOST_ASKS) throw this.incomplete(`page ${number} holds ${held} of ${page.total}, expected ${due}`);
    }
  }

  async #ask(number: number): Promise<Page<T> & { readonly due: number }> {
    const { data, meta } = await this.#transport.call(this.#schema, { method: "GET", path: this.#path, query: { page: String(number) } }, this.#call);
    if (meta === "unpaged") return { items: data, number: 1, last: 1, total: data.length, due: 0 };
    if (meta === undefined) throw this.incomplete(`page ${number} does not tell how many there are`);
    const last = Math.max(1, Math.ceil(meta.total / meta.per_page));
    const isAsked = meta.current_page === number || number > last;
    if (data.length > meta.per_page || !isAsked) throw this.incomplete(`page ${number} holds ${data.length} of ${meta.total} and calls itself page ${meta.current_page}`);
    const due = Math.min(meta.per_page, Math.max(0, meta.total - (number - 1) * meta.per_page));
    return { items: data, number, last, total: meta.total, due };
  }

  /** The page that is the last one by its own words. */
  async lastPage(guess: number): Promise<Page<T>> {
    for (let move = 0; move < MOST_MOVES; move++) {
      const page = await this.page(guess);
      if (page.number === page.last) return page;
      guess = page.last;
    }
    throw this.incomplete("its end moves");
  }

  /** The newest are at the end. What is removed meanwhile moves the rest towards the pages that are still to come. */
  async backwards(end: Page<T>, { leastPages, mostPages, isOldEnough }: NewestOptions<T>): Promise<Newest<T>> {
    const found = new Map(end.items.map((one) => [one.id, one]));
    let oldest = Math.min(...found.keys());
    for (let number = end.number - 1, read = 1; number >= 1; number--, read++) {
      if (read >= leastPages && isOldEnough(found.get(oldest)!)) break;
      if (read >= mostPages) throw this.incomplete(`${mostPages} pages are not enough`);
      const { items } = await this.page(number);
      for (const one of items) {
        if (!found.has(one.id) && one.id > oldest) throw this.incomplete("it is not in the order of its ids");
      }
      for (const one of items) found.set(one.id, one);
      oldest = Math.min(...found.keys());
    }
    return { items: newestFirst([...found.values()]), place: { page: end.number, order: "ascending" } };
  }

  /** The newest come first. What is removed meanwhile would move others past the reader, so it must not shrink. */
  async forwards(first: Page<T>, { leastPages, mostPages, isOldEnough }: NewestOptions<T>): Promise<Newest<T>> {
    const found = new Map(first.items.map((one) => [one.id, one]));
    let { last, total } = first;
    for (let number = 2; number <= last; number++) {
      if (number > leastPages && isOldEnough(found.get(Math.min(...found.keys()))!)) break;
      if (number > mostPages) throw this.incomplete(`${mostPages} pages are not enough`);
      const page = await this.page(number);
      if (page.total < total) throw this.incomplete("it got shorter while it was read");
      for (const one of page.items) found.set(one.id, one);
      ({ last, total } = page);
    }
    return { items: newestFirst([...found.values()]), place: { page: 1, order: "descending" } };
  }

  incomplete(why: string): UserVpsError {
    return incomplete(this.#path, why);
  }
}

function incomplete(path: string, why: string): UserVpsError {
  return new UserVpsError("API_LIST_INCOMPLETE", `GET ${path} cannot be read to a certain end: ${why}.`);
}

function newestFirst<T extends { readonly id: number }>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => b.id - a.id);
}
