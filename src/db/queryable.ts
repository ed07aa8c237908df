import type { QueryResult, QueryResultRow } from "pg";

/** Anything with pg's `query`: a pool, or one client inside a transaction. */
export interface Queryable {
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
}
