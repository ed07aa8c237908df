/**
 * How soon a signup is ready, with a member of a pool and without, where a VM boots for 60 s and its script takes 30 s;
 * and that nothing of the pool's time is left on the VPS. `npm run proof:warm-pool [SIGNUPS]`; about five minutes.
 *
 * `npm run proof:warm-pool rush [USERS] [MEMBERS]`: users who sign up at once on a pool that is smaller.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../src/db/index.ts";
import { openWarmPool } from "../support/warm-pool-proof.ts";
import type { WarmPoolWorld } from "../support/warm-pool-proof.ts";

const PACE = { bootMs: Number(process.env["PROOF_BOOT_MS"] ?? 60_000), scriptMs: Number(process.env["PROOF_SCRIPT_MS"] ?? 30_000) };
/** A data center without a pool. */
const ELSEWHERE = { dataCenterId: 17 };

const [first, ...rest] = process.argv.slice(2);
const isRush = first === "rush";
const [users, members] = isRush ? [Number(rest[0] ?? 50), Number(rest[1] ?? 20)] : [Number(first ?? 20), Number(first ?? 20)];
const dataFolder = await mkdtemp(join(tmpdir(), "user-vps-proof-"));
const database = await openDatabase({ databaseUrl: undefined, dataFolder, onProgress: () => undefined });
const world = await openWarmPool({ databaseUrl: database.url, members, ...PACE });
try {
  console.log(`a pool of ${members} is being filled; boot ${PACE.bootMs / 1_000} s, script ${PACE.scriptMs / 1_000} s`);
  await world.filled();
  const wrong = isRush ? await rush(world) : await oneAfterTheOther(world);
  console.log(`${wrong.length} things wrong`);
  for (const sentence of wrong) console.error(sentence);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  await world.close();
  await database.close();
  await rm(dataFolder, { recursive: true, force: true });
}

async function oneAfterTheOther({ signUp, wrongWith }: WarmPoolWorld): Promise<string[]> {
  const seconds: number[] = [];
  const wrong: string[] = [];
  for (let number = 0; number < users; number++) {
    seconds.push(await signUp(`user${number}`));
    wrong.push(...await wrongWith(`user${number}`));
  }
  console.log(`${users} signups with a member ready: ${spread(seconds)}`);
  console.log(`one without: ${(await signUp("elsewhere", ELSEWHERE)).toFixed(1)} s`);
  return wrong;
}

async function rush({ world, signUp, wrongWith }: WarmPoolWorld): Promise<string[]> {
  const names = Array.from({ length: users }, (_, number) => `user${number}`);
  const seconds = new Map<string, number>();
  await Promise.all(names.map(async (name) => void seconds.set(name, await signUp(name))));
  const { rows } = await world.pool.query<{ name: string; vmId: number; isFromPool: boolean }>(`SELECT username AS name, hostinger_vm_id::int AS "vmId", pool_member_id IS NOT NULL AS "isFromPool" FROM user_vps WHERE NOT is_pooled`);
  const bought = await world.pool.query("SELECT FROM vps_purchases JOIN user_vps ON user_vps.user_id::text = vps_purchases.user_id WHERE NOT is_pooled AND state = 'bought'");
  const claimed = rows.filter(({ isFromPool }) => isFromPool);
  const wrong: string[] = [];
  const expect = (holds: boolean, sentence: string) => { if (!holds) wrong.push(sentence); };
  expect(claimed.length === Math.min(users, members), `${claimed.length} claims of ${members} members`);
  expect(bought.rowCount === users - claimed.length, `${bought.rowCount} purchases for ${users - claimed.length} users without a member`);
  expect(new Set(rows.map(({ vmId }) => vmId)).size === users, "a VM has two users, or a user has none");
  for (const { name } of claimed) wrong.push(...await wrongWith(name));
  const of = (isFromPool: boolean) => rows.filter((row) => row.isFromPool === isFromPool).map(({ name }) => seconds.get(name)!);
  console.log(`${users} signups at once: ${claimed.length} claims, ${spread(of(true))}; ${bought.rowCount} purchases, ${spread(of(false))}`);
  return wrong;
}

function spread(seconds: readonly number[]): string {
  const sorted = seconds.toSorted((one, other) => one - other);
  const at = (part: number) => (sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN).toFixed(2);
  return `p50 ${at(0.5)} s, p95 ${at(0.95)} s, ${at(0.01)} to ${at(1)} s`;
}
