import type { Queryable } from "../../src/db/queryable.ts";

/** Every row of every table of the database, in all schemas that are not PostgreSQL's own, as text. */
export async function dumpDatabase(db: Queryable): Promise<string> {
  const { rows: tables } = await db.query<{ name: string }>(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await db.query<{ text: string }>(`SELECT row.*::text AS text FROM ${name} AS row`);
    texts.push(`-- ${name}`, ...rows.map(({ text }) => text));
  }
  return texts.join("\n");
}
