import { createCredentialsCipher } from "../records/index.ts";
import { spareSecrets } from "../config/index.ts";
import type { Environment, Settings } from "../config/index.ts";
import { openDatabase } from "../db/index.ts";
import { askDoctor, DOCTOR_QUEUE } from "../doctor/index.ts";
import { createDriftQueues, driftRequests } from "../drift/queues.ts";
import { closeInTurn } from "../../providers/core/close-in-turn.ts";
import { messageOf } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { flushTracing, startTracing } from "../../providers/core/tracing.ts";
import { pgBossJobs, startQueue } from "../jobs/index.ts";
import { ANSWER_LIMIT_MS, createQuestionQueue } from "../jobs/questions.ts";
import { askBootLog, BOOT_LOG_QUEUE } from "../jobs/boot-log.ts";
import { askVmActions, VM_ACTIONS_QUEUE } from "../jobs/vm-actions.ts";
import { createRollOutQueue, rollOutJobs } from "../releases/queue.ts";
import type { WorkerProcess } from "./worker-process.ts";

export interface ServiceOptions {
  readonly settings: Settings;
  /** For the engine and its providers; the settings were read from it. */
  readonly env: Environment;
  readonly onProgress?: (line: string) => void;
  /** Aborted: the start fails, with all closed that it had opened. Of no effect on a service that has started. */
  readonly signal?: AbortSignal;
}

export interface Service {
  /** Where HTTP is served; absent in a worker. */
  readonly url?: string;
  /** Of the database that is in use, with user and password. */
  readonly databaseUrl: string;
  /**
   * Takes nothing new, lets running work finish for SHUTDOWN_GRACE_SECONDS, hands over what is left.
   * Called again with `atOnce`, it waits no longer.
   */
  close(how?: { readonly atOnce?: boolean }): Promise<void>;
}

/** Starts what the settings' role asks for: HTTP, a worker, or both in this process. */
export async function startService({ settings, env, onProgress = () => undefined, signal = new AbortController().signal }: ServiceOptions): Promise<Service> {
  const { role } = settings;
  await startTracing(env);
  const spare = spareSecrets({ env, role });
  if (spare.length > 0) onProgress(`WARNING: this process faces the internet and holds secrets that only workers need: ${spare.join(", ")}. Give each role a file of its own (user-vps init --split); with REFUSE_SPARE_SECRETS=true it does not start like this`);
  const closers: (() => Promise<unknown>)[] = [flushTracing];
  const closeAll = () => closeInTurn(closers, (error) => onProgress(`not everything could be closed: ${messageOf(error)}`));
  let worker: WorkerProcess | undefined;
  try {
    const opening = new AbortController();
    signal.throwIfAborted();
    const wanted = AbortSignal.any([opening.signal, signal]);
    const slots = role === "http" ? undefined : import("./open-slots.ts").then(({ openSlots }) => openSlots({ settings, env, onProgress, signal: wanted }));
    // Told where it is awaited, however much sooner it is known.
    slots?.catch(() => undefined);
    closers.push(async () => {
      // An engine that is still being fetched or built is of no use any more, and takes minutes.
      opening.abort();
      await (await slots?.catch(() => undefined))?.slots.close();
    });
    // Each role loads what it needs, while slots and database are opened: an HTTP process has no SDK of the engine in memory.
    const loading = { worker: role === "http" ? undefined : import("./worker-process.ts"), http: role === "worker" ? undefined : import("../http/index.ts") };
    const database = await openDatabase({ databaseUrl: settings.databaseUrl, dataFolder: settings.dataFolder, onProgress, signal });
    closers.push(() => database.close());
    signal.throwIfAborted();
    const boss = await startQueue({
      databaseUrl: database.url,
      works: role !== "http",
      signal,
      onError: (error) => onProgress(`queue: ${messageOf(error)}`),
    });
    closers.push(() => boss.stop({ graceful: false }));
    await createDriftQueues(boss);
    await createQuestionQueue(boss, VM_ACTIONS_QUEUE);
    await createQuestionQueue(boss, BOOT_LOG_QUEUE);
    await createQuestionQueue(boss, DOCTOR_QUEUE);
    await createRollOutQueue(boss);
    const common = { settings, env, pool: database.pool, databaseUrl: database.url, boss, onProgress };
    worker = slots && (await (await loading.worker)?.startWorkerProcess({ ...common, engineWithSlots: await slots }));
    signal.throwIfAborted();
    const http = await startHttp();
    if (http) closers.push(() => http.close());
    signal.throwIfAborted();
    let closed: Promise<void> | undefined;
    return {
      databaseUrl: database.url,
      ...(http && { url: http.url }),
      async close({ atOnce = false } = {}) {
        await worker?.stop(atOnce ? 0 : settings.shutdownGraceSeconds * SECOND_MS);
        await (closed ??= closeAll());
      },
    };

    async function startHttp() {
      return await (await loading.http)?.serveHttp({
        settings,
        pool: database.pool,
        databaseUrl: database.url,
        jobs: pgBossJobs(boss, database.pool),
        drift: driftRequests(boss, ANSWER_LIMIT_MS),
        vmActions: askVmActions(boss, ANSWER_LIMIT_MS),
        bootLog: askBootLog(boss),
        doctor: askDoctor(boss),
        rollOuts: rollOutJobs(boss),
        cipher: createCredentialsCipher(settings.credentialsKeys!),
      });
    }
  } catch (error) {
    // With its database taken away it would go on without an end, and the process with it.
    await worker?.stop(0).catch((fault: unknown) => onProgress(`the worker could not be stopped: ${messageOf(fault)}`));
    await closeAll();
    throw error;
  }
}
