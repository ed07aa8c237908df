/** A sandbox, a database and worker processes of the service, for tests of the whole with the real engine. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join, resolve } from "node:path";
import type { Pool } from "pg";
import { inTransaction, migrate } from "../../src/db/index.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import type { Jobs } from "../../src/jobs/index.ts";
import { findVpsByUserId, listRuns, readRunLog, requestVps } from "../../src/records/index.ts";
import type { RunRecord, VpsRecord } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox, SandboxOptions } from "../../src/sandbox/index.ts";
import { openPool } from "./open-pool.ts";

const PROJECT = resolve(import.meta.dirname, "..", "..");
/** Between two looks at users' records, however many are waited for: looking takes the processor from what is looked at. */
const LOOK_INTERVAL_MS = 100;
/** Long enough for a machine that is busy with much else. */
const START_LIMIT_MS = 450_000;
const REACH_LIMIT_MS = 450_000;

export const FAKE_PASSPHRASE = "fake-passphrase-for-tests";

export interface WorkerProcess {
  readonly child: ChildProcess;
  /** All that it has printed so far. */
  output(): string;
  /** Kills it (-9) and waits until it is gone. */
  kill(): Promise<void>;
  /** Ends it by SIGTERM, and returns its exit code. */
  stop(): Promise<number | null>;
}

export interface ServiceWorld {
  readonly sandbox: Sandbox;
  readonly pool: Pool;
  readonly jobs: Jobs;
  /** What workers are started with. */
  readonly env: Readonly<Record<string, string>>;
  startWorker(more?: Readonly<Record<string, string>>): Promise<WorkerProcess>;
  /** The other half: HTTP alone. */
  startHttp(more: Readonly<Record<string, string>>): Promise<WorkerProcess & { readonly url: string }>;
  /** HTTP and worker in one process. */
  startAll(more: Readonly<Record<string, string>>): Promise<WorkerProcess & { readonly url: string }>;
  /** As the HTTP side does it: record and job in one transaction. */
  signUp(userId: string, username: string): Promise<VpsRecord>;
  /** Waits until the user's record is as wanted; fails with what is known about it at the limit. */
  until(userId: string, what: string, isReached: (record: VpsRecord) => boolean, timeoutMs?: number): Promise<VpsRecord>;
  runs(userId: string): Promise<RunRecord[]>;
  /** Of the user's runs, the newest first, without those that ended because they had to wait. */
  outcomes(userId: string): Promise<(string | null)[]>;
  /** Holds the next run of anybody in the phase `script`, for its answer is late. */
  holdNextRun(delayMs: number): void;
  close(): Promise<void>;
}

export async function startServiceWorld(databaseUrl: string, options: SandboxOptions = {}): Promise<ServiceWorld> {
  const sandbox = await startSandbox({ bootMs: 200, scriptMs: 150, ...options });
  const pool = openPool(databaseUrl, 5);
  await migrate(pool);
  const boss = await startQueue({ databaseUrl, works: false, onError: () => undefined });
  const jobs = pgBossJobs(boss, pool);
  const workers = new Set<WorkerProcess>();
  let looking = 0;
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: process.env["HOME"] ?? "/",
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? "",
    ...sandbox.env,
    DATABASE_URL: databaseUrl,
    PULUMI_CONFIG_PASSPHRASE: FAKE_PASSPHRASE,
    CREDENTIALS_KEYS: `test:${randomBytes(32).toString("base64")}`,
    VPS_DOMAIN: sandbox.domain,
    CONDUCTOR_URL: "https://downloads.example.com/conductor",
    CLI_URL: "https://downloads.example.com/spoq",
    HOSTINGER_PURCHASE_TIMEOUT_SECONDS: "6",
    HOSTINGER_PURCHASE_INTENT_SECONDS: "5",
    HOSTINGER_PURCHASE_SETTLE_SECONDS: "10",
    HEALTH_TIMEOUT_SECONDS: "120",
  };

  async function startServing(role: "http" | "all", more: Readonly<Record<string, string>>) {
    const serving = spawnService(role, { ...env, PORT: "0", LOG_LEVEL: "warn", ...more });
    workers.add(serving);
    return { ...serving, url: (await untilPrinted(serving, /ready at (\S+)/))[1]! };
  }

  const world: ServiceWorld = {
    sandbox, pool, jobs, env,
    async startWorker(more = {}) {
      const worker = spawnService("worker", { ...env, ...more });
      workers.add(worker);
      await untilPrinted(worker, /waiting for jobs/);
      return worker;
    },
    startHttp: (more) => startServing("http", more),
    startAll: (more) => startServing("all", more),
    async signUp(userId, username) {
      return await inTransaction(pool, async (db) => {
        const { record, created } = await requestVps(db, { userId, username, hostname: `${username}.${sandbox.domain}`, plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
        if (created) await jobs.enqueue(db, { operation: "up", userId });
        return record;
      });
    },
    async until(userId, what, isReached, timeoutMs = REACH_LIMIT_MS) {
      const endMs = Date.now() + timeoutMs;
      looking += 1;
      try {
        for (;;) {
          // The database may be the very thing that is away.
          const record = await findVpsByUserId(pool, userId).catch(() => undefined);
          if (record && isReached(record)) return record;
          if (Date.now() > endMs) throw new Error(`${userId} did not come to ${what} within ${timeoutMs} ms: ${await known(world, userId, workers)}`);
          await new Promise((resume) => setTimeout(resume, looking * LOOK_INTERVAL_MS));
        }
      } finally {
        looking -= 1;
      }
    },
    runs: async (userId) => (await listRuns(pool, userId)).items,
    outcomes: async (userId) => (await listRuns(pool, userId)).items.map(({ outcome }) => outcome).filter((outcome) => outcome !== "waiting"),
    holdNextRun: (delayMs) => sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/post-install-scripts$", fault: { kind: "delay", delayMs } }),
    async close() {
      await Promise.all([...workers].map((worker) => worker.kill()));
      await boss.stop({ graceful: false });
      await pool.end();
      await sandbox.close();
    },
  };
  return world;
}

function spawnService(role: string, env: Readonly<Record<string, string>>): WorkerProcess {
  const child = spawn(process.execPath, [join(PROJECT, "src", "service", "main.ts"), "--role", role], { env, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => { printed += text; });
  const gone = () => (child.exitCode === null && child.signalCode === null ? once(child, "exit") : Promise.resolve());
  return {
    child,
    output: () => printed,
    async kill() {
      child.kill("SIGKILL");
      await gone();
    },
    async stop() {
      child.kill("SIGTERM");
      await gone();
      return child.exitCode;
    },
  };
}

async function untilPrinted(worker: WorkerProcess, text: RegExp): Promise<RegExpExecArray> {
  const endMs = Date.now() + START_LIMIT_MS;
  for (;;) {
    const found = text.exec(worker.output());
    if (found) return found;
    if (worker.child.exitCode !== null || Date.now() > endMs) throw new Error(`The service did not start: ${worker.output()}`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

async function known(world: ServiceWorld, userId: string, workers: ReadonlySet<WorkerProcess>): Promise<string> {
  const runs = await world.runs(userId);
  const log = runs[0] ? await readRunLog(world.pool, runs[0].runId, { limit: 200 }) : [];
  return JSON.stringify({ record: await findVpsByUserId(world.pool, userId), runs, log: log.map(({ line }) => line), workers: [...workers].map((one) => one.output()) }, undefined, 1);
}
