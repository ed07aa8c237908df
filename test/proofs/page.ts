/**
 * The operators' page in front of 10,000 users who change fast, in real Chromium: how soon it can be used, and that
 * neither the page's memory nor the HTTP process's grows with time. `npm run proof:page [SECONDS] [USERS]`; two minutes, or as said.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../src/db/index.ts";
import { provePage } from "../support/page-proof.ts";

const seconds = Number(process.argv[2] ?? 120);
const users = Number(process.argv[3] ?? 10_000);
const dataFolder = await mkdtemp(join(tmpdir(), "user-vps-proof-"));
const database = await openDatabase({ databaseUrl: undefined, dataFolder, onProgress: () => undefined });
try {
  const { coldMs, warmMs, changes, grows } = await provePage({ pool: database.pool, databaseUrl: database.url, users, seconds, onSample: (text) => console.log(text) });
  console.log(`${users} users: the fleet's page can be used after ${Math.round(coldMs)} ms, after ${Math.round(warmMs)} ms with what the browser has kept (medians)`);
  console.log(`${seconds} s, ${changes} changes: ${grows.length === 0 ? "nothing grows" : "something grows"}`);
  for (const sentence of grows) console.error(sentence);
  process.exitCode = grows.length === 0 ? 0 : 1;
} finally {
  await database.close();
  await rm(dataFolder, { recursive: true, force: true });
}
