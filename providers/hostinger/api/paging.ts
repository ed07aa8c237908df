/** Lists of the API: some are plain arrays, most are pages of 50 as `{data, meta}`. */

import { z } from "zod";

import type { CallOptions, HostingerTransport } from "./transport.ts";

/** A list that never ends is a fault of the server; 50 000 objects are more than an account has. */
const MAX_PAGES = 1_000;

/** OpenAPI: `Common.Schema.PaginationMetaSchema`. */
const metaSchema = z.object({ current_page: z.number(), per_page: z.number(), total: z.number() });

function pageSchema<T>(item: z.ZodType<T>) {
  const page = z.object({ data: z.array(item), meta: metaSchema.optional().catch(undefined) });
  return z.union([page, z.array(item).transform((data) => ({ data, meta: undefined }))]);
}

/** All pages, or the first `maxPages`; an object that moved to the next page meanwhile is there once. */
export async function listPages<T extends { readonly id: number }>(
  transport: HostingerTransport,
  path: string,
  item: z.ZodType<T>,
  call: CallOptions | undefined,
  maxPages: number = MAX_PAGES,
): Promise<T[]> {
  const schema = pageSchema(item);
  const found = new Map<number, T>();
  for (let page = 1; page <= maxPages; page++) {
    const { data, meta } = await transport.call(schema, { method: "GET", path, query: { page: String(page) } }, call);
    for (const object of data) found.set(object.id, object);
    if (data.length === 0 || !meta || meta.current_page * meta.per_page >= meta.total) break;
  }
  return [...found.values()];
}
