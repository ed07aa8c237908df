/** Everything that a process needs to work on jobs: engine, watchdog, queue worker. */
import { randomUUID } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import type { Pool } from "pg";
import type { PgBoss } from "pg-boss";
import { messageOf } from "../../providers/core/errors.ts";
import { readSettingFile } from "../../providers/core/setting-file.ts";
import { KEY_SERVICE_SECRETS, VARIABLES } from "../config/index.ts";
import type { Environment, Settings } from "../config/index.ts";
import { answerDoctor } from "../doctor/ask-doctor.ts";
import { previewWithRefresh } from "../drift/preview-events.ts";
import { startDrift } from "../drift/start-drift.ts";
import { pgBossJobs, startWorker } from "../jobs/index.ts";
import { startRetention } from "../jobs/retention.ts";
import { answerBootLog } from "../jobs/boot-log.ts";
import { answerVmActions } from "../jobs/vm-actions.ts";
import { DELIVERY_PAUSES, startNotifications } from "../notifications/index.ts";
import { AutomationEngine } from "../provisioning/automation-engine.ts";
import { lostDnsRecords } from "../provisioning/lost-dns-record.ts";
import { refuseDoubtedUntilTold } from "../provisioning/other-account.ts";
import { hostingerPower } from "../provisioning/power.ts";
import { createRedactor } from "../provisioning/redact.ts";
import { startWatchdog } from "../provisioning/start-watchdog.ts";
import { PROJECT_NAME } from "../provisioning/stack-workspace.ts";
import { StateBackend } from "../provisioning/state-backend.ts";
import { engineProcesses } from "../provisioning/state-locks.ts";
import { openPurchaseDesk } from "../purchases/index.ts";
import { createCredentialsCipher } from "../records/index.ts";
import { startPool } from "../pool/index.ts";
import { startRollOutWorker } from "../releases/index.ts";
import { startWaits } from "../waits/index.ts";
import { secretsOf } from "./engine-variables.ts";
import { keepOffers } from "./keep-offers.ts";
import { refuseOtherAccount } from "./refuse-other-account.ts";
import type { OpenSlots } from "./open-slots.ts";

export interface WorkerProcessOptions {
  readonly settings: Settings;
  readonly env: Environment;
  readonly engineWithSlots: OpenSlots;
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly boss: PgBoss;
  readonly onProgress: (line: string) => void;
}

export interface WorkerProcess {
  readonly workerId: string;
  stop(graceMs: number): Promise<void>;
}

/** What was started so far. */
interface Parts {
  /** Have work under way, and are given time to finish it. */
  readonly working: { stop(graceMs: number): Promise<unknown> }[];
  readonly serving: { stop(): unknown }[];
  /** Used by the others, so they are closed last. */
  readonly clients: { close(): Promise<unknown> }[];
}

function kept<T>(list: T[]): <P extends T>(part: P) => P {
  return (part) => {
    list.push(part);
    return part;
  };
}

/** Ends what was started even if what follows does not start. */
export async function startWorkerProcess(options: WorkerProcessOptions): Promise<WorkerProcess> {
  const parts: Parts = { working: [], serving: [], clients: [] };
  let ended: Promise<void> | undefined;
  const stop = async (graceMs: number) => {
    await Promise.all(parts.working.map((part) => part.stop(graceMs)));
    await (ended ??= endOthers(parts));
  };
  try {
    return { workerId: await startParts(options, parts), stop };
  } catch (error) {
    await stop(0).catch((fault: unknown) => options.onProgress(`not everything could be closed: ${messageOf(fault)}`));
    throw error;
  }
}

async function endOthers({ serving, clients }: Parts): Promise<void> {
  await Promise.all(serving.map((part) => part.stop()));
  await Promise.all(clients.map((client) => client.close()));
}

/** @returns the worker's id */
async function startParts({ settings, env, engineWithSlots, pool, databaseUrl, boss, onProgress }: WorkerProcessOptions, { working, serving, clients }: Parts): Promise<string> {
  const [worksOn, serves, uses] = [kept(working), kept(serving), kept(clients)];
  const { workerId, installed, slots } = engineWithSlots;
  const folder = await mkdtemp(join(tmpdir(), "user-vps-worker-"));
  const backendUrl = settings.stateBackendUrl ?? databaseUrl;
  const backend = uses(new StateBackend(backendUrl, PROJECT_NAME));
  await backend.open();
  const vms = uses(hostingerPower(env));
  const isAccountTold = await refuseOtherAccount({ pool, settings, client: vms.client, onProgress });
  const dns = uses(lostDnsRecords({ baseUrl: settings.cloudflareBaseUrl, apiToken: settings.cloudflareApiToken!, zoneId: settings.cloudflareZoneId! }));
  const desk = uses(openPurchaseDesk(pool, settings, vms.client));
  const purchases = isAccountTold ? desk : { ...desk, refuseDoubtedAccount: refuseDoubtedUntilTold({ pool, settings }) };
  const engineBasis = { slots, givesWay: true, installed, backend, backendUrl, workerId, folder, env: engineWithSlots.env, secretsProvider: settings.secretsProvider };
  const engine = new AutomationEngine({ ...engineBasis, dns, processes: engineProcesses(pool) });
  serves(startWatchdog(workerId, folder, { say: onProgress }));
  const fromFiles = (["passphraseFile", "hostingerApiKeyFile"] as const).flatMap((setting) => (settings[setting] ? readSettingFile(VARIABLES[setting].name, settings[setting]).trim() : []));
  const common = {
    boss, pool, databaseUrl, engine, vms, dns, purchases, settings, workerId, cipher: createCredentialsCipher(settings.credentialsKeys!),
    hostId: hostname(),
    secrets: [...secretsOf(settings), ...fromFiles, ...KEY_SERVICE_SECRETS.flatMap((name) => env[name] ?? [])],
    log: onProgress,
  };
  const redactor = createRedactor(...common.secrets);
  const redact = (text: string) => redactor.redact(text);
  worksOn(await startWorker(common));
  serves(await startWaits({ settings, env, pool, databaseUrl, boss, workerId, log: onProgress }));
  worksOn(await startRollOutWorker(common));
  serves(await startPool({ pool, jobs: pgBossJobs(boss, pool), settings, workerId, log: onProgress }));
  serves(await startDrift({
    settings, env, pool, databaseUrl, boss, backendUrl, redact, onProgress,
    preview: previewWithRefresh({ ...engineBasis, redact }),
    cron: settings.sweepCron,
    ...(settings.sweepIgnoredNames && { ignoredNames: settings.sweepIgnoredNames }),
    repairsAtOnce: settings.repairsAtOnce,
    graceSeconds: settings.sweepGraceSeconds,
  }));
  serves(await answerVmActions({ boss, pool, vms, redact, log: onProgress }));
  serves(await answerBootLog({
    boss, pool, redact, log: onProgress,
    exportStack: (username, signal) => engine.exportStack(username, { runId: randomUUID(), signal }),
    ssh: { port: settings.sshPort, privateKey: settings.sshPrivateKey },
  }));
  serves(await answerDoctor({ boss, env, role: settings.role, databaseUrl, redact, log: onProgress }));
  serves(await startRetention({ boss, pool, settings, log: onProgress }));
  serves(await startNotifications({ pool, settings, workerId, pauses: DELIVERY_PAUSES, redact, log: onProgress }));
  serves(keepOffers(pool, vms.client, onProgress));
  return workerId;
}
