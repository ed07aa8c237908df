import { parseUsername } from "../../../stacks/username.ts";
import { answer } from "./api.ts";

const PAGE = 200;

/** The parameters of a path that names a user. A name that is none is refused here. */
export function ofUser(username: string): { readonly username: string } {
  return { username: parseUsername(username) };
}

export interface PageWanted {
  readonly limit: number;
  readonly cursor?: string;
}

interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

/** All items of a list that comes by pages. */
export async function allPages<T>(readPage: (page: PageWanted) => Promise<{ readonly data?: Page<T> }>): Promise<T[]> {
  const { eachItem } = await import("user-vps/client");
  const items: T[] = [];
  for await (const item of eachItem((cursor) => answer(readPage({ limit: PAGE, ...(cursor !== undefined && { cursor }) })))) items.push(item);
  return items;
}
