/** Everything that a process needs to work on jobs: engine, watchdog, queue worker. */
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import type { Pool } from "pg";
import type { PgBoss } from "pg-boss";
import { VARIABLES } from "../config/index.ts";
import type { Environment, Settings } from "../config/index.ts";
import { engineEnvironment } from "../install-pulumi/engine-environment.ts";
import { ensureEngine } from "../install-pulumi/ensure-engine.ts";
import { answerDoctor } from "../doctor/ask-doctor.ts";
import { previewWithRefresh } from "../drift/preview-events.ts";
import { startDrift } from "../drift/start-drift.ts";
import { pgBossJobs, startWorker } from "../jobs/index.ts";
import { startRetention } from "../jobs/retention.ts";
import { answerBootLog } from "../jobs/boot-log.ts";
import { answerVmActions } from "../jobs/vm-actions.ts";
import { startNotifications } from "../notifications/index.ts";
import { AutomationEngine } from "../provisioning/automation-engine.ts";
import { lostDnsRecords } from "../provisioning/lost-dns-record.ts";
import { hostingerPower } from "../provisioning/power.ts";
import { tagEnvironment } from "../provisioning/process-tags.ts";
import { createRedactor } from "../provisioning/redact.ts";
import { startWatchdog } from "../provisioning/start-watchdog.ts";
import { PROJECT_NAME } from "../provisioning/stack-workspace.ts";
import { StateBackend } from "../provisioning/state-backend.ts";
import { engineProcesses } from "../provisioning/state-locks.ts";
import { openPurchaseDesk } from "../purchases/index.ts";
import { createCredentialsCipher } from "../records/index.ts";
import { startPool } from "../pool/index.ts";
import { startRollOutWorker } from "../releases/index.ts";
import { Slots } from "../slots/slots.ts";
import { startWaits } from "../waits/index.ts";
import { engineVariables, secretsOf } from "./engine-variables.ts";
import { keepOffers } from "./keep-offers.ts";

const DEFAULT_SSH_PORT = 22;

export interface WorkerProcessOptions {
  readonly settings: Settings;
  readonly env: Environment;
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly boss: PgBoss;
  readonly onProgress: (line: string) => void;
}

export interface WorkerProcess {
  readonly workerId: string;
  stop(graceMs: number): Promise<void>;
}

export async function startWorkerProcess({ settings, env, pool, databaseUrl, boss, onProgress }: WorkerProcessOptions): Promise<WorkerProcess> {
  const workerId = randomUUID();
  const installed = await ensureEngine({ env: { ...env }, onProgress });
  const folder = await mkdtemp(join(tmpdir(), "user-vps-worker-"));
  const backendUrl = settings.stateBackendUrl ?? databaseUrl;
  const backend = new StateBackend(backendUrl, PROJECT_NAME);
  await backend.prepare();
  await backend.refuseOtherName();
  const vms = hostingerPower(env);
  const dns = lostDnsRecords({ baseUrl: settings.cloudflareBaseUrl, apiToken: settings.cloudflareApiToken!, zoneId: settings.cloudflareZoneId! });
  const purchases = openPurchaseDesk(pool, settings);
  // Secrets that the program itself needs; the providers do not see them.
  const ofProgram = { [VARIABLES.sshPrivateKey.name]: settings.sshPrivateKey, [VARIABLES.acmeEabMacKey.name]: settings.acmeEabMacKey };
  const forEngine = { ...engineVariables(env), ...Object.fromEntries(Object.keys(ofProgram).map((name) => [name, undefined])) };
  const slots = new Slots({
    env: { ...engineEnvironment(installed, forEngine), [VARIABLES.passphrase.name]: undefined },
    tag: (slot) => tagEnvironment({ worker: workerId, slot }),
    standIns: installed.standIns,
    programEnv: ofProgram,
    givesWay: true,
  });
  slots.prepare(1);
  const engineBasis = { slots, givesWay: true, installed, backend, backendUrl, workerId, folder, env: forEngine, secretsProvider: settings.secretsProvider };
  const engine = new AutomationEngine({ ...engineBasis, dns, processes: engineProcesses(pool) });
  const watchdog = startWatchdog(workerId, folder);
  const fromFiles = await Promise.all([settings.passphraseFile, settings.hostingerApiKeyFile].filter((file) => file !== undefined).map((file) => readFile(file, "utf8")));
  const common = {
    boss, pool, databaseUrl, engine, vms, purchases, settings, workerId,
    hostId: hostname(),
    secrets: [...secretsOf(settings), ...fromFiles.map((text) => text.trim())],
    log: onProgress,
  };
  const worker = await startWorker({ ...common, cipher: createCredentialsCipher(settings.credentialsKeys!) });
  const watcher = await startWaits({ settings, env, pool, databaseUrl, boss, workerId, log: onProgress });
  const rollOuts = await startRollOutWorker(common);
  const pools = await startPool({ pool, jobs: pgBossJobs(boss, pool), settings, workerId, log: onProgress });
  const drift = await startDrift({
    settings, env, pool, databaseUrl, boss, backendUrl, onProgress,
    preview: previewWithRefresh(engineBasis),
    cron: settings.sweepCron,
    ...(settings.sweepIgnoredNames && { ignoredNames: settings.sweepIgnoredNames }),
    repairsAtOnce: settings.repairsAtOnce,
    graceSeconds: settings.sweepGraceSeconds,
  });
  const actions = await answerVmActions({ boss, pool, vms });
  const bootLogs = await answerBootLog({
    boss, pool,
    exportStack: (username, signal) => engine.exportStack(username, { runId: randomUUID(), signal }),
    ssh: { port: Number(env["USER_VPS_SSH_PORT"] || DEFAULT_SSH_PORT), privateKey: settings.sshPrivateKey },
  });
  const redactor = createRedactor(...common.secrets);
  const doctor = await answerDoctor({ boss, env, role: settings.role, databaseUrl, redact: (text) => redactor.redact(text) });
  const retention = await startRetention({ boss, pool, settings, log: onProgress });
  const notifications = await startNotifications({ pool, settings, workerId, redact: (text) => redactor.redact(text), log: onProgress });
  const offers = keepOffers(pool, vms.client, onProgress);
  let ended: Promise<void> | undefined;
  const end = async () => {
    watchdog.stop();
    await Promise.all([drift.stop(), actions.stop(), bootLogs.stop(), doctor.stop(), offers.stop(), watcher.stop(), retention.stop(), notifications.stop(), pools.stop()]);
    await Promise.all([slots.close(), backend.close(), vms.close(), dns.close(), purchases.close()]);
  };
  return {
    workerId,
    async stop(graceMs) {
      await Promise.all([worker.stop(graceMs), rollOuts.stop(graceMs)]);
      await (ended ??= end());
    },
  };
}
