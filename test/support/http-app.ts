/** The HTTP side on a fresh database, with a queue that only notes what it is asked for. */
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import { readSettings, type Settings } from "../../src/config/index.ts";
import type { AskDoctor } from "../../src/doctor/index.ts";
import type { DriftRequests } from "../../src/drift/queues.ts";
import { requestSweep } from "../../src/drift/sweeps.ts";
import { buildApp } from "../../src/http/app.ts";
import type { EnqueueOptions, JobRequest, Jobs } from "../../src/jobs/job.ts";
import type { AskBootLog } from "../../src/jobs/boot-log.ts";
import type { AskVmActions } from "../../src/jobs/vm-actions.ts";
import type { RollOutJobs } from "../../src/releases/queue.ts";
import { createCredentialsCipher, type Cause, type CredentialsCipher } from "../../src/records/index.ts";
import { atEnd } from "./at-end.ts";
import { withDatabase, type TestDatabase } from "./postgres.ts";
import { TEST_JWT_SECRET } from "./tokens.ts";

/** 32 bytes, obviously fake. */
const FAKE_KEY = Buffer.from("fake-credentials-key-for-tests-!").toString("base64");

export class RecordingJobs implements Jobs {
  readonly enqueued: JobRequest[] = [];
  /** Who or what each was enqueued for, in the same order. */
  readonly causes: (Cause | undefined)[] = [];
  readonly cancelled: string[] = [];
  /** If set, the queue is away for this reason. */
  outage: Error | undefined;

  async enqueue(_db: unknown, job: JobRequest, { cause }: EnqueueOptions = {}): Promise<void> {
    if (this.outage) throw this.outage;
    this.enqueued.push(job);
    this.causes.push(cause);
  }

  async cancel(userId: string): Promise<void> {
    this.cancelled.push(userId);
  }

  /** As if it were new. */
  forget(): void {
    for (const noted of [this.enqueued, this.causes, this.cancelled]) noted.length = 0;
    this.outage = undefined;
  }

  async nextTry(): Promise<undefined> {}

  async check(): Promise<void> {
    if (this.outage) throw this.outage;
  }
}

/** Sweeps and previews are asked for, and nobody does them. */
export const NO_WORKER: DriftRequests = { requestSweep, stackDrift: async () => undefined };

export class RecordingRollOutJobs implements RollOutJobs {
  enqueued = 0;
  /** If set, the queue is away for this reason. */
  outage: Error | undefined;

  async enqueue(): Promise<void> {
    if (this.outage) throw this.outage;
    this.enqueued += 1;
  }
}

export interface TestApp extends TestDatabase {
  readonly app: FastifyInstance;
  readonly jobs: RecordingJobs;
  readonly rollOuts: RecordingRollOutJobs;
  readonly cipher: CredentialsCipher;
}

export function testSettings(env: Record<string, string> = {}): Settings {
  return readSettings({ role: "http", env: { DATABASE_URL: "postgres://unused@127.0.0.1/unused", JWT_SECRET: TEST_JWT_SECRET, CREDENTIALS_KEYS: `k1:${FAKE_KEY}`, RATE_LIMIT_PER_MINUTE: "100000", LOG_LEVEL: "silent", ...env } });
}

export interface TestAppOptions {
  readonly env?: Record<string, string>;
  readonly logger?: FastifyBaseLogger;
  /** Of another app: several processes on one database. */
  readonly database?: TestDatabase;
  /** Who answers in place of a worker; nobody unless given. */
  readonly drift?: Partial<DriftRequests>;
  readonly vmActions?: AskVmActions;
  readonly bootLog?: AskBootLog;
  readonly doctor?: AskDoctor;
}

/** Closed when the test, suite or file that calls it ends. */
export async function withApp({ env, logger, database, drift, vmActions = async () => undefined, bootLog = async () => undefined, doctor = async () => undefined }: TestAppOptions = {}): Promise<TestApp> {
  const { pool, url } = database ?? (await withDatabase());
  const settings = testSettings(env);
  const jobs = new RecordingJobs();
  const rollOuts = new RecordingRollOutJobs();
  const cipher = createCredentialsCipher(settings.credentialsKeys!);
  const app = await buildApp({ pool, databaseUrl: url, jobs, drift: { ...NO_WORKER, ...drift }, vmActions, bootLog, doctor, rollOuts, cipher, settings, ...(logger ? { logger } : {}) });
  atEnd(() => app.close());
  return { app, pool, url, jobs, rollOuts, cipher };
}

/** The same at an address of its own, for whoever comes over the network. */
export async function withListeningApp(options: TestAppOptions = {}): Promise<TestApp & { readonly address: string }> {
  const started = await withApp(options);
  return { ...started, address: await started.app.listen({ host: "127.0.0.1", port: 0 }) };
}
