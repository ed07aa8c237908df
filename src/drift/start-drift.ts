/** Drift as the service's settings have it. */
import type { PgBoss } from "pg-boss";
import type { Pool } from "pg";
import { zoneRecords } from "../../providers/cloudflare/api.ts";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import { hostingerSettings } from "../../providers/hostinger/settings.ts";
import type { Environment, Settings } from "../config/index.ts";
import { pgBossJobs } from "../jobs/index.ts";
import { declaredStack } from "../provisioning/declared-stack.ts";
import { healthTarget } from "../provisioning/health-target.ts";
import { PROJECT_NAME } from "../provisioning/stack-workspace.ts";
import { StateBackend } from "../provisioning/state-backend.ts";
import type { PreviewWithRefresh } from "./preview-events.ts";
import { PROBE_TIMEOUT_MS } from "./probe-fleet.ts";
import { stackDrift } from "./stack-drift.ts";
import { PREVIEW_LIMITS } from "./sweep.ts";
import { startDriftWorker } from "./worker.ts";
import type { DriftWorker } from "./worker.ts";

export interface StartDriftOptions {
  readonly settings: Settings;
  readonly env: Environment;
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly boss: PgBoss;
  readonly backendUrl: string;
  readonly preview: PreviewWithRefresh;
  /** As in crontab, UTC; undefined: sweeps only when they are asked for. */
  readonly cron?: string | undefined;
  readonly ignoredNames?: readonly string[];
  /** Automatic repairs at a time; 0 for none. */
  readonly repairsAtOnce?: number;
  readonly graceSeconds: number;
  readonly redact: (text: string) => string;
  readonly onProgress: (line: string) => void;
}

export async function startDrift(options: StartDriftOptions): Promise<DriftWorker> {
  const { settings, env, pool, databaseUrl, boss, backendUrl, preview, cron, ignoredNames, repairsAtOnce = 0, graceSeconds, redact, onProgress } = options;
  const { apiKey, baseUrl } = hostingerSettings({ get: () => undefined }, env);
  const hostinger = new HostingerClient({ baseUrl, apiKey });
  const zone = zoneRecords({ baseUrl: settings.cloudflareBaseUrl, apiToken: settings.cloudflareApiToken!, zoneId: settings.cloudflareZoneId! });
  const stacks = new StateBackend(backendUrl, PROJECT_NAME);
  const close = () => Promise.all([hostinger.close(), zone.close(), stacks.close()]);
  try {
    const target = await healthTarget(settings);
    const worker = await startDriftWorker({
      boss, databaseUrl, cron, redact,
      driftOf: async (user, signal) => await stackDrift(preview, await declaredStack(pool, user, settings), signal),
      sweep: {
        pool, hostinger, zone, stacks,
        domain: settings.domain,
        probe: { target, timeoutMs: PROBE_TIMEOUT_MS },
        graceSeconds,
        previews: PREVIEW_LIMITS,
        ...(ignoredNames && { ignoredNames }),
      },
      repair: repairsAtOnce > 0 ? { jobs: pgBossJobs(boss, pool), mostAtOnce: repairsAtOnce } : undefined,
      log: onProgress,
    });
    return {
      async stop() {
        await worker.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
