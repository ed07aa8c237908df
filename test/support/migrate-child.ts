import { migrate } from "../../src/db/migrate.ts";
import { openPool } from "./open-pool.ts";

const pool = openPool(process.env["DATABASE_URL"]!, 10);
const applied = await migrate(pool);
await pool.end();
process.send!({ applied: applied.length }, () => process.disconnect());
