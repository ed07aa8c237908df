import type { ServiceApi } from "./api.ts";

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | number | null;
}

const PAGE_SIZE = 200;

/** All that the service lists at the path, page by page. */
export async function allPages<T>(service: ServiceApi, path: string): Promise<T[]> {
  const all: T[] = [];
  for (let cursor = ""; ; ) {
    const page = await service.get<Page<T>>(`${path}?limit=${PAGE_SIZE}${cursor}`);
    all.push(...page.items);
    if (page.nextCursor === null) return all;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
}
