import type { Pool } from "pg";
import { createPool, reachDatabase } from "../db/index.ts";
import type { ReachedDatabase } from "../db/index.ts";
import type { CheckContext } from "./check.ts";

/** undefined if there is none yet. */
export async function databaseOf({ databaseUrl, env }: CheckContext): Promise<ReachedDatabase | undefined> {
  return databaseUrl === undefined ? await reachDatabase(env) : { url: databaseUrl, folder: undefined, close: async () => undefined };
}

export function openPool(url: string): Pool {
  return createPool({ url, name: "user-vps doctor", max: 2 });
}
