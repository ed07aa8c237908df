/** A process with a transaction open: `node transaction-child.ts URL waiting|query`. */
import { Pool } from "pg";
import { inTransaction } from "../../src/db/transaction.ts";
import { messageOf } from "../../providers/core/errors.ts";
import { sleep } from "../../providers/core/time.ts";

const [url, how] = process.argv.slice(2);
// As small as a pool can be: what matters is who listens to the connection that is lent.
const pool = new Pool({ connectionString: url!, application_name: "victim" });
pool.on("error", () => undefined);
const went = await inTransaction(pool, async (db) => {
  await db.query("SELECT 1");
  process.send!("in transaction");
  if (how === "query") await db.query("SELECT pg_sleep(60)");
  else await new Promise<void>((resolve) => process.once("message", () => resolve()));
  await db.query("SELECT 1");
}).then(() => "committed", messageOf);
const again = await pool.query<{ one: number }>("SELECT 1 AS one").then(({ rows }) => rows[0]?.one, messageOf);
process.send!({ went, again });
await sleep(50);
await pool.end();
process.disconnect();
