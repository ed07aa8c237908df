/** Signups and questions about their status at a steady rate, beside a worker that is busy with them; kill -9 of the HTTP process in the middle. */
import { setTimeout as delay } from "node:timers/promises";
import { createPool } from "../src/db/index.ts";
import type { Sandbox } from "../src/sandbox/index.ts";
import { QUEUE_SCHEMA } from "../src/jobs/queue.ts";
import { benchChild } from "./child.ts";
import type { FleetRequest } from "./sandbox-process.ts";
import { quantile } from "./rounds.ts";
import { benchService } from "./service.ts";
import type { BenchWorld } from "./world.ts";

export interface LatencyOptions {
  readonly requestsASecond: number;
  readonly seconds: number;
}

export interface Latency {
  readonly requestsASecond: number;
  /** Of the first seconds, in which both processes get to work. */
  readonly firstProvisionMsP99: number;
  /** Of the seconds after those, as all that follows. */
  readonly provisionMsP50: number;
  readonly provisionMsP99: number;
  readonly statusMsP50: number;
  readonly statusMsP99: number;
  /** Signups answered with 202, and how many of them have a row and a job. */
  readonly accepted: number;
  readonly kept: number;
}

const FIRST_SECONDS = 3;

export async function latencyUnderLoad(world: BenchWorld, { requestsASecond, seconds }: LatencyOptions): Promise<Latency> {
  const account = benchChild("sandbox-process.ts");
  const { sandbox } = await account.ask<{ readonly sandbox: Pick<Sandbox, "env"> }>({ dataDir: world.folder, users: 0, bootMs: 3_600_000 } satisfies FleetRequest);
  const pool = createPool({ url: world.databaseUrl, name: "bench", max: 1 });
  const service = benchService(world, sandbox);
  const count = requestsASecond * seconds;
  const tokens = await Promise.all(Array.from({ length: Math.ceil((count + requestsASecond) / 2) }, (_, number) => service.tokenOf(`rate${number}`)));
  const accepted: string[] = [];
  const tookMs = { first: [] as number[], provision: [] as number[], status: [] as number[] };
  const firstCount = requestsASecond * FIRST_SECONDS;
  let url = "";
  const send = async (number: number) => {
    const kind = number % 2 === 0 ? "provision" : "status";
    const user = Math.floor(number / 2);
    const begunMs = performance.now();
    const answer = await fetch(`${url}/api/vps/${kind}`, { method: kind === "provision" ? "POST" : "GET", headers: { authorization: `Bearer ${tokens[user]}` } });
    const text = await answer.text();
    const isFirst = number < firstCount;
    if (!isFirst || kind === "provision") tookMs[isFirst ? "first" : kind].push(performance.now() - begunMs);
    if (answer.status === 202) accepted.push(`bench-rate${user}`);
    else if (!answer.ok && answer.status !== 404) throw new Error(`${kind}: ${answer.status} ${text}`);
  };
  try {
    const [http] = await Promise.all([service.start("http"), service.start("worker", { WORKER_CONCURRENCY: "2" })]);
    url = http.url;
    await atRate(count, requestsASecond, send);
    // Those that are under way when the process is killed get no answer: nothing is promised to them.
    const dying = atRate(requestsASecond, requestsASecond, (number) => send(count + number).catch(() => undefined));
    await delay(500);
    await http.kill();
    await dying;
    const { rows } = await pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM user_vps WHERE user_id = ANY ($1) AND (status <> 'queued' OR waiting_kind IS NOT NULL
         OR EXISTS (SELECT FROM ${QUEUE_SCHEMA}.job WHERE job.data->>'userId' = user_vps.user_id))`,
      [accepted],
    );
    return {
      requestsASecond, accepted: accepted.length, kept: rows[0]!.count,
      firstProvisionMsP99: quantile(tookMs.first, 0.99), provisionMsP50: quantile(tookMs.provision, 0.5), provisionMsP99: quantile(tookMs.provision, 0.99),
      statusMsP50: quantile(tookMs.status, 0.5), statusMsP99: quantile(tookMs.status, 0.99),
    };
  } finally {
    await service.close();
    await pool.end();
    await account.close();
  }
}

/** Each begins at its own instant, whether those before it have been answered or not. */
async function atRate(count: number, aSecond: number, send: (number: number) => Promise<void>): Promise<void> {
  const startMs = performance.now();
  const sent: Promise<void>[] = [];
  const failed: unknown[] = [];
  for (let number = 0; number < count; number += 1) {
    const dueMs = startMs + (number * 1_000) / aSecond - performance.now();
    if (dueMs > 1) await delay(dueMs);
    sent.push(send(number).catch((error: unknown) => void failed.push(error)));
  }
  await Promise.all(sent);
  if (failed.length > 0) throw failed[0];
}
