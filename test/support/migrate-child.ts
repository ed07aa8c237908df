import { Pool } from "pg";
import { migrate } from "../../src/db/migrate.ts";

const pool = new Pool({ connectionString: process.env["DATABASE_URL"]! });
const applied = await migrate(pool);
await pool.end();
process.send!({ applied: applied.length }, () => process.disconnect());
