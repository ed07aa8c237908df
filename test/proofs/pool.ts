/**
 * Workers are killed (-9) at random moments while users sign up for a pool's VPSs: none is lost, none is given twice,
 * none is bought beyond what users and pool need. `npm run proof:pool [SEEDS] [FIRST]`: 100 seeds, some ten minutes.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../src/db/index.ts";
import { provePool } from "../support/pool-proof.ts";

const count = Number(process.argv[2] ?? 100);
const first = Number(process.argv[3] ?? 1);
const dataFolder = await mkdtemp(join(tmpdir(), "user-vps-proof-"));
const database = await openDatabase({ databaseUrl: undefined, dataFolder, onProgress: () => undefined });
try {
  const { claimed, bought, kills, wrong } = await provePool({
    url: database.url, seeds: Array.from({ length: count }, (_, number) => first + number), killsASeed: 2, usersASeed: 3, members: 4,
    onSeed: (seed, found) => console.log(`seed ${seed}: ${found.length} things wrong`),
  });
  console.log(`${count} seeds, ${kills} workers killed: ${claimed} claims, ${bought} VMs bought, ${wrong.length} things wrong`);
  for (const sentence of wrong) console.error(sentence);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  await database.close();
  await rm(dataFolder, { recursive: true, force: true });
}
