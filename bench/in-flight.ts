/** Users who sign up at once, on a service with VMs that take time to boot: how soon they are ready, and what the worker takes meanwhile. */
import { readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "pg";
import { createPool } from "../src/db/index.ts";
import { startSandbox } from "../src/sandbox/index.ts";
import { descriptorsOf, memoryMbOf, processCountOf } from "./processes.ts";
import { median, quantile } from "./rounds.ts";
import { benchService } from "./service.ts";
import type { BenchWorld } from "./world.ts";

const LOOK_INTERVAL_MS = 500;
const SIGNUPS_AT_ONCE = 20;
const VM_LIST = "/api/vps/v1/virtual-machines";

export interface InFlightOptions {
  readonly users: number;
  /** Between two signups; 0: all at once. */
  readonly everySeconds: number;
  readonly bootSeconds: number;
  readonly scriptSeconds: number;
  readonly concurrency: number;
  readonly limitSeconds: number;
  /** Until what a run leaves behind for a moment is gone, and a spare process is ended. */
  readonly restSeconds: number;
  /** kill -9 of the worker once so many are ready; another one is started at once. */
  readonly killAtReady?: number;
}

export interface InFlight {
  readonly users: number;
  /** Of all processes of the worker. */
  readonly peakMemoryMb: number;
  /** From the signup to ready, without boot and script. */
  readonly beyondBootSecondsP50: number;
  readonly beyondBootSecondsP95: number;
  readonly beyondBootSecondsLast: number;
  /** From the moment at which the VPS answers HTTPS to `ready`. */
  readonly answeringToReadySecondsP50: number;
  readonly answeringToReadySecondsP95: number;
  readonly callsAUser: number;
  /** Of all VMs: one for each purchase, and those for all who wait. */
  readonly vmLists: number;
  /** Hostinger's, the most frequent first. */
  readonly callsByEndpoint: readonly { readonly endpoint: string; readonly aUser: number }[];
  readonly purchases: number;
  /** At a third, two thirds, and all of the users ready. */
  readonly levels: readonly Level[];
  /** Some seconds after the last user is ready. */
  readonly atRest: Level & { readonly temporaryFiles: number; readonly locks: number };
}

export interface Level {
  readonly memoryMb: number;
  readonly processes: number;
  readonly descriptors: number;
}

export async function usersInFlight(world: BenchWorld, options: InFlightOptions): Promise<InFlight> {
  const { users, bootSeconds, scriptSeconds, concurrency, limitSeconds } = options;
  const sandbox = await startSandbox({ dataDir: world.folder, bootMs: bootSeconds * 1_000, scriptMs: scriptSeconds * 1_000 });
  const pool = createPool({ url: world.databaseUrl, name: "bench", max: 2 });
  const service = benchService(world, sandbox);
  // The database has those of earlier measurements as well.
  const prefix = `flight${users}-`;
  const startWorker = () => service.start("worker", { WORKER_CONCURRENCY: String(concurrency) });
  try {
    const [http, first] = await Promise.all([service.start("http"), startWorker()]);
    let worker = first;
    const signedUp = signUp(http.url, (number) => service.tokenOf(`${prefix}${number}`), options);
    signedUp.catch(() => undefined);
    let peakMemoryMb = 0;
    let toKillAt = options.killAtReady ?? Infinity;
    const levels: Level[] = [];
    const endMs = Date.now() + limitSeconds * 1_000;
    let ready = 0;
    while (Date.now() <= endMs) {
      if (worker.hasEnded()) throw new Error(`The worker has ended by itself, with ${ready} of ${users} users ready.`);
      peakMemoryMb = Math.max(peakMemoryMb, memoryMbOf(worker.pid));
      const { rows } = await pool.query<{ seconds: number; hostname: string; readyAt: Date }>('SELECT extract(epoch FROM ready_at - requested_at)::float AS seconds, hostname, ready_at AS "readyAt" FROM user_vps WHERE starts_with(user_id, $1) AND ready_at IS NOT NULL', [`bench-${prefix}`]);
      ready = rows.length;
      while (rows.length >= ((levels.length + 1) * users) / 3) levels.push(levelOf(worker.pid));
      if (rows.length >= toKillAt) {
        toKillAt = Infinity;
        await worker.kill();
        worker = await startWorker();
      }
      if (rows.length === users) {
        await signedUp;
        await delay(options.restSeconds * 1_000);
        const beyond = rows.map(({ seconds }) => seconds - bootSeconds - scriptSeconds);
        const { calls, purchases, vms } = sandbox.state();
        const answersSince = new Map(vms.map((vm) => [vm.hostname, Date.parse(vm.answersSince ?? "")]));
        const answering = rows.map(({ hostname, readyAt }) => (readyAt.getTime() - answersSince.get(hostname)!) / 1_000);
        return {
          users, peakMemoryMb, levels, purchases: purchases.length,
          beyondBootSecondsP50: median(beyond), beyondBootSecondsP95: quantile(beyond, 0.95), beyondBootSecondsLast: Math.max(...beyond),
          answeringToReadySecondsP50: median(answering), answeringToReadySecondsP95: quantile(answering, 0.95),
          callsAUser: calls.hostinger / users,
          vmLists: calls.counts.find(({ method, pattern }) => method === "GET" && pattern === VM_LIST)?.count ?? 0,
          callsByEndpoint: calls.counts.filter(({ api }) => api === "hostinger").map(({ method, pattern, count }) => ({ endpoint: `${method} ${pattern}`, aUser: count / users })).toSorted((a, b) => b.aUser - a.aUser),
          atRest: { ...levelOf(worker.pid), temporaryFiles: (await readdir(world.folder)).length, locks: await advisoryLocks(pool) },
        };
      }
      await delay(LOOK_INTERVAL_MS);
    }
    throw new Error(`${ready} of ${users} users are ready after ${limitSeconds} s`);
  } finally {
    await service.close();
    await pool.end();
    await sandbox.close();
  }
}

async function signUp(url: string, tokenOf: (number: number) => Promise<string>, { users, everySeconds }: InFlightOptions): Promise<void> {
  let next = 0;
  const startMs = performance.now();
  await Promise.all(Array.from({ length: Math.min(users, SIGNUPS_AT_ONCE) }, async () => {
    for (let number = next++; number < users; number = next++) {
      await delay(Math.max(0, startMs + number * everySeconds * 1_000 - performance.now()));
      const answer = await fetch(`${url}/api/vps/provision`, { method: "POST", headers: { authorization: `Bearer ${await tokenOf(number)}` } });
      if (answer.status !== 202) throw new Error(`POST /api/vps/provision: ${answer.status} ${await answer.text()}`);
    }
  }));
}

function levelOf(pid: number): Level {
  return { memoryMb: memoryMbOf(pid), processes: processCountOf(pid), descriptors: descriptorsOf(pid) };
}

async function advisoryLocks(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>("SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  return rows[0]!.count;
}
