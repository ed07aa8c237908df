/** The operators' page in front of a large fleet that changes fast: how soon it can be used, and whether memory grows with time. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CDPSession, Page } from "playwright-core";
import type { Pool } from "pg";
import { openBrowser } from "./browser.ts";
import { signToken } from "./tokens.ts";

const CHANGES_PER_SECOND = 10;
const SAMPLES = 24;
const LOADS = 5;
/** The fleet page polls as if so many times the seconds had passed. */
const FASTER = 5;
const LIVE_USER = "user7";

export interface PageProofOptions {
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly users: number;
  readonly seconds: number;
  readonly onSample?: (text: string) => void;
}

interface Sample {
  readonly pageBytes: number;
  readonly nodes: number;
  readonly listeners: number;
  readonly httpBytes: number;
}

export interface PageProof {
  /** From the navigation to the first fifty rows: cold, then with what the browser has kept; medians. */
  readonly coldMs: number;
  readonly warmMs: number;
  readonly changes: number;
  readonly fleet: readonly Sample[];
  readonly user: readonly Sample[];
  /** What grows; empty if all levels off. */
  readonly grows: readonly string[];
}

export async function provePage({ pool, databaseUrl, users, seconds, onSample = () => undefined }: PageProofOptions): Promise<PageProof> {
  await seed(pool, users);
  const server = fork(join(import.meta.dirname, "page-proof-server.ts"), [databaseUrl], { execArgv: ["--expose-gc", "--disable-warning=ExperimentalWarning"] });
  const [{ url }] = await once(server, "message") as [{ url: string }];
  const browser = await openBrowser();
  try {
    const token = await signToken({ sub: "operator@example.com", scope: "vps:admin" }, { expiresInSeconds: 3_600 });
    await browser.context.request.post(`${url}/session`, { data: { token } });
    const page = await browser.context.newPage();
    const loads = { cold: [] as number[], warm: [] as number[] };
    for (let load = 0; load < LOADS; load += 1) {
      loads.cold.push(await timeToRows(page, url, true));
      loads.warm.push(await timeToRows(page, url, false));
    }
    await page.addInitScript(`{ const real = setInterval; globalThis.setInterval = (work, ms, ...rest) => real(work, ms / ${FASTER}, ...rest); }`);
    const live = await browser.context.newPage();
    const pages = [page, live] as const;
    await page.goto(`${url}/`);
    await live.goto(`${url}/users/${LIVE_USER}`);
    const sessions = await Promise.all(pages.map((one) => browser.context.newCDPSession(one)));
    await Promise.all(sessions.map((session) => session.send("Performance.enable")));
    const ending = new AbortController();
    const changing = keepChanging(pool, ending.signal);
    const fleet: Sample[] = [];
    const user: Sample[] = [];
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      await sleep((seconds * 1_000) / SAMPLES);
      // A page that is not shown rests: each has its turn to the front.
      await pages[sample % 2]!.bringToFront();
      const httpBytes = await memoryOf(server);
      fleet.push({ ...(await memoryOfPage(sessions[0]!)), httpBytes });
      user.push({ ...(await memoryOfPage(sessions[1]!)), httpBytes });
      onSample(`${sample + 1}/${SAMPLES}: fleet ${told(fleet.at(-1)!)}; user ${told(user.at(-1)!)}; http ${megabytes(httpBytes)}`);
    }
    ending.abort();
    const changes = await changing;
    await live.bringToFront();
    // Otherwise it would be a page that rests whose memory was looked at.
    await live.getByText(new RegExp(`number ${changes - 1}$`)).waitFor();
    return { coldMs: median(loads.cold), warmMs: median(loads.warm), changes, fleet, user, grows: [...growing("the fleet's page", fleet), ...growing("the user's page", user)] };
  } finally {
    await browser.close();
    server.disconnect();
  }
}

export async function seed(pool: Pool, users: number): Promise<void> {
  await pool.query(
    `INSERT INTO user_vps (user_id, username, hostname, plan_id, template_id, data_center_id, status, phase, requested_at, updated_at, ready_at, hostinger_vm_id, address, url, error_code, reason)
     SELECT 'u' || n, 'user' || n, 'user' || n || '.spoq.dev', 'hostingercom-vps-kvm1-usd-1m', 1007, CASE WHEN n % 2 = 0 THEN 9 ELSE 11 END,
       CASE WHEN n % 10 = 0 THEN 'failed' ELSE 'ready' END, 'done', now() - n * interval '1 minute', now(), now(), n, '192.0.2.' || n % 250, 'https://user' || n || '.spoq.dev',
       CASE WHEN n % 10 = 0 THEN 'VM_ERROR' END, CASE WHEN n % 10 = 0 THEN 'The VM is in the state error.' END
     FROM generate_series(1, $1::int) n`, [users]);
  await pool.query(
    `INSERT INTO vps_findings (kind, subject, user_id, username, declared, actual, first_seen, last_seen)
     SELECT 'VmStopped', username, user_id, username, 'running', 'stopped', now(), now() FROM user_vps WHERE hostinger_vm_id % 50 = 0`);
  await pool.query("ANALYZE");
}

/** What the browser has kept is thrown away before, if it is to be cold. */
async function timeToRows(page: Page, url: string, isCold: boolean): Promise<number> {
  if (isCold) {
    const session = await page.context().newCDPSession(page);
    await session.send("Network.clearBrowserCache");
    await session.detach();
  }
  await page.goto("about:blank");
  await page.goto(`${url}/`, { waitUntil: "commit" });
  return Number(await page.evaluate(`new Promise((done) => {
    const look = () => document.querySelectorAll("#rows tr").length >= 50 && document.querySelector("#attention li") ? done(performance.now()) : requestAnimationFrame(look);
    look();
  })`));
}

/** Users whom both pages show, again and again. @returns how often */
async function keepChanging(pool: Pool, signal: AbortSignal): Promise<number> {
  let changes = 0;
  for (; !signal.aborted; changes += 1) {
    await pool.query(
      `UPDATE user_vps SET status = 'provisioning', phase = 'health', waiting_for = 'an answer, number ' || $1::text, version = version + 1, updated_at = now()
       WHERE username IN ('${LIVE_USER}', 'user' || ($1::int % 50 + 1))`, [changes]);
    await sleep(1_000 / CHANGES_PER_SECOND);
  }
  return changes;
}

async function memoryOf(server: ChildProcess): Promise<number> {
  const answer = once(server, "message") as Promise<[{ heapBytes: number }]>;
  server.send("memory");
  return (await answer)[0].heapBytes;
}

async function memoryOfPage(session: CDPSession): Promise<Omit<Sample, "httpBytes">> {
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  const value = (name: string) => metrics.find((metric) => metric.name === name)!.value;
  return { pageBytes: value("JSHeapUsedSize"), nodes: value("Nodes"), listeners: value("JSEventListeners") };
}

/** What lies in the last third above the third before, by more than it swings. */
function growing(what: string, samples: readonly Sample[]): string[] {
  const third = Math.floor(samples.length / 3);
  const [before, after] = [samples.slice(third, 2 * third), samples.slice(2 * third)];
  const allowed = { pageBytes: 512 * 1_024, httpBytes: 2 * 1_024 * 1_024, nodes: 200, listeners: 50 } as const;
  return (Object.keys(allowed) as (keyof Sample)[]).flatMap((name) => {
    const [was, is] = [median(before.map((sample) => sample[name])), median(after.map((sample) => sample[name]))];
    return is > was * 1.1 + allowed[name] ? [`${what}: ${name} from ${Math.round(was)} to ${Math.round(is)}`] : [];
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function told({ pageBytes, nodes, listeners }: Sample): string {
  return `${megabytes(pageBytes)}, ${nodes} nodes, ${listeners} listeners`;
}

const megabytes = (bytes: number) => `${(bytes / 1_024 ** 2).toFixed(1)} MB`;
