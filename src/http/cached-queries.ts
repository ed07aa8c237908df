import type { QueryConfig, QueryResult } from "pg";
import type { Queryable } from "../db/queryable.ts";

/**
 * The same question is put to the database once within `keptMs`, however often and however many ask
 * it; a failure is kept by nobody.
 */
export function cachedQueries(db: Queryable, keptMs: number): Queryable {
  const kept = new Map<string, { readonly atMs: number; readonly answer: Promise<QueryResult<never>> }>();
  return {
    query: ((text: string | QueryConfig, values: readonly unknown[] = []) => {
      const key = JSON.stringify([text, values]);
      const known = kept.get(key);
      if (known && performance.now() - known.atMs < keptMs) return known.answer;
      const answer = db.query<never>(text, values);
      kept.set(key, { atMs: performance.now(), answer });
      answer.catch(() => kept.delete(key));
      return answer;
    }),
  };
}
