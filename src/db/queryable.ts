import type { QueryConfig, QueryResult, QueryResultRow } from "pg";

/** Anything with pg's `query`: a pool, or one client inside a transaction. */
export interface Queryable {
  /** @param text or what `prepared` makes of it and its values */
  query<Row extends QueryResultRow>(text: string | QueryConfig, values?: readonly unknown[]): Promise<QueryResult<Row>>;
}
