/** Workers that are killed (-9) at random moments while users sign up for a pool's VPSs; what is wrong afterwards. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inTransaction } from "../../src/db/index.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { claimFromPool } from "../../src/purchases/index.ts";
import { requestVps, savePool } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { KVM1 } from "./purchases.ts";
import { openPool } from "./open-pool.ts";

export interface PoolProof {
  readonly url: string;
  /** One round each, on what the rounds before have left: users sign up, and workers are killed meanwhile. */
  readonly seeds: readonly number[];
  readonly killsASeed: number;
  readonly usersASeed: number;
  readonly members: number;
  readonly onSeed?: (seed: number, wrong: readonly string[]) => void;
}

export interface PoolProofResult {
  readonly claimed: number;
  readonly bought: number;
  readonly kills: number;
  /** Sentences; empty if all is well. */
  readonly wrong: readonly string[];
}

const WORKERS = 2;
const SETTLE_LIMIT_MS = 240_000;

/** Numbers from 0 to 1 that a seed gives anew (mulberry32). */
function numbersOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export async function provePool({ url, seeds, killsASeed, usersASeed, members, onSeed }: PoolProof): Promise<PoolProofResult> {
  const sandbox = await startSandbox();
  const pool = openPool(url, 8);
  const boss = await startQueue({ databaseUrl: url, works: false, onError: () => undefined });
  const jobs = pgBossJobs(boss, pool);
  const workers: ChildProcess[] = [];
  await pool.query("CREATE TABLE proof_vms (vm_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY); CREATE TABLE proof_stacks (name TEXT PRIMARY KEY, vm_id BIGINT NOT NULL)");
  const count = async (statement: string) => (await pool.query<{ count: number }>(statement)).rows[0]!.count;
  const startWorker = async () => {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "pool-worker-child.ts"), JSON.stringify({ url, env: sandbox.env, domain: sandbox.domain })], { stdio: ["ignore", "pipe", "inherit"] });
    workers.push(child);
    await Promise.race([once(child.stdout, "data"), once(child, "exit").then(() => { throw new Error("a worker did not start"); })]);
  };
  const until = async (what: string, isReached: () => Promise<boolean>) => {
    for (const endMs = Date.now() + SETTLE_LIMIT_MS; !(await isReached()); await sleep(200)) if (Date.now() > endMs) throw new Error(`${what}: not within ${SETTLE_LIMIT_MS / 1_000} s`);
  };
  const signUp = (name: string) => inTransaction(pool, async (db) => {
    const { record } = await requestVps(db, { userId: `u-${name}`, username: name, hostname: `${name}.${sandbox.domain}`, plan: KVM1, templateId: 1007, dataCenterId: 9, sshPublicKey: null });
    const claimed = await claimFromPool(db, { allowedPlans: undefined, certificatesPerWeek: 100_000 }, record);
    if (claimed) await jobs.enqueue(db, { operation: "destroy", userId: claimed.memberId });
    await jobs.enqueue(db, { operation: "up", userId: record.userId });
  });
  let kills = 0;
  let users = 0;
  /** Users sign up at random intervals; a worker dies at random moments of what follows. */
  async function round(seed: number): Promise<void> {
    const random = numbersOf(seed);
    const signups = (async () => {
      for (let number = 0; number < usersASeed; number++) {
        await signUp(`user${seed}-${number}`);
        users++;
        await sleep(random() * 300);
      }
    })();
    for (let killed = 0; killed < killsASeed; killed++) {
      await sleep(random() * 700);
      const victim = workers.splice(Math.floor(random() * workers.length), 1)[0]!;
      victim.kill("SIGKILL");
      kills++;
      await startWorker();
    }
    await signups;
    await until(`seed ${seed}: all users to be ready, and the pool to be full`, async () =>
      (await count("SELECT count(*)::int AS count FROM user_vps WHERE NOT is_pooled AND status = 'ready'")) === users
      && (await count("SELECT count(*)::int AS count FROM vps_pool_members WHERE state IN ('building', 'claimed')")) === 0
      && (await count("SELECT count(*)::int AS count FROM vps_pool_members WHERE state = 'ready'")) === members
      && (await count("SELECT count(*)::int AS count FROM user_vps WHERE is_pooled AND status = 'deprovisioning'")) === 0);
  }
  async function wrongNow(): Promise<string[]> {
    const wrong: string[] = [];
    const expect = (holds: boolean, sentence: string) => { if (!holds) wrong.push(sentence); };
    const bought = await count("SELECT count(*)::int AS count FROM proof_vms");
    expect(bought === users + members, `${bought} VMs were bought for ${users} users and ${members} members`);
    const held = await count("SELECT count(DISTINCT hostinger_vm_id)::int AS count FROM user_vps WHERE status <> 'deprovisioned'");
    expect(held === users + members, `${held} VMs are held by ${users + members} rows`);
    const lost = await count("SELECT count(*)::int AS count FROM proof_vms WHERE NOT EXISTS (SELECT FROM user_vps JOIN proof_stacks ON proof_stacks.name = username WHERE hostinger_vm_id = proof_vms.vm_id AND proof_stacks.vm_id = proof_vms.vm_id AND status = 'ready')");
    expect(lost === 0, `${lost} VMs belong to no row and stack`);
    const stacks = await count("SELECT count(*)::int AS count FROM proof_stacks");
    expect(stacks === users + members, `${stacks} stacks are there`);
    return wrong;
  }
  try {
    await savePool(pool, "kvm1-9-1007", { plan: KVM1, dataCenterId: 9, templateId: 1007, keepReady: members, schedule: [], mostPerDay: null }, "proof");
    await Promise.all(Array.from({ length: WORKERS }, startWorker));
    await until("the pool to be filled", async () => (await count("SELECT count(*)::int AS count FROM vps_pool_members WHERE state = 'ready'")) === members);
    const wrong: string[] = [];
    for (const seed of seeds) {
      await round(seed);
      const found = await wrongNow();
      wrong.push(...found.map((sentence) => `seed ${seed}: ${sentence}`));
      onSeed?.(seed, found);
    }
    return { claimed: await count("SELECT count(*)::int AS count FROM vps_pool_members WHERE state = 'delivered'"), bought: await count("SELECT count(*)::int AS count FROM proof_vms"), kills, wrong };
  } finally {
    for (const worker of workers) worker.kill("SIGKILL");
    await Promise.all(workers.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null).map((worker) => once(worker, "exit")));
    await boss.stop({ graceful: false });
    await pool.end();
    await sandbox.close();
  }
}
