/** The API's description without a running service: for clients that are generated from it, and for tests. */
import { Pool } from "pg";
import { readSettings } from "../config/settings.ts";
import { createCredentialsCipher } from "../records/credentials-cipher.ts";
import { assembleApp } from "./app.ts";

/** Nobody serves with them. */
const UNUSED = { DATABASE_URL: "postgres://unused@127.0.0.1/unused", JWT_SECRET: "unused".padEnd(32, "-"), CREDENTIALS_KEYS: `k1:${Buffer.alloc(32).toString("base64")}` };
const NOBODY = async () => undefined;

/** As /openapi.json, but for what is offered at the moment. */
export async function apiDocument(): Promise<object> {
  const settings = readSettings({ role: "http", env: UNUSED });
  const pool = new Pool({ connectionString: UNUSED.DATABASE_URL });
  const refuse = () => { throw new Error("Nothing is served here."); };
  const { app } = await assembleApp({
    pool, databaseUrl: UNUSED.DATABASE_URL, settings, cipher: createCredentialsCipher(settings.credentialsKeys!),
    jobs: { enqueue: NOBODY, cancel: NOBODY, check: NOBODY, nextTry: NOBODY }, drift: { requestSweep: refuse, stackDrift: NOBODY }, vmActions: NOBODY, bootLog: NOBODY, doctor: NOBODY, rollOuts: { enqueue: NOBODY },
  });
  try {
    await app.ready();
    return app.swagger();
  } finally {
    await app.close();
    await pool.end();
  }
}
