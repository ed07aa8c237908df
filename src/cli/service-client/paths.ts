import { parseUsername } from "../../../stacks/username.ts";
import type { ServiceApi } from "./api.ts";

/** Of more, a program would have no use and a person even less. */
const MOST_PAGES = 500;
const PAGE = 200;

/** `/api/admin/vps/alice/drift`. A name that is none is refused here, so that no other path comes of it. */
export function adminPath(username: string, rest = ""): string {
  return `/api/admin/vps/${parseUsername(username)}${rest}`;
}

/** All items of a list that comes by pages. */
export async function allPages<T>(service: ServiceApi, path: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | number | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const given = Object.entries({ ...query, limit: String(PAGE), cursor: cursor?.toString() }).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const answer: { items: T[]; nextCursor: string | number | null } = await service.get(`${path}?${new URLSearchParams(given)}`);
    items.push(...answer.items);
    cursor = answer.nextCursor;
    if (cursor === null) break;
  }
  return items;
}
