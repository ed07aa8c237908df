/** A run ended because what it needs is not there yet: nothing is held meanwhile, and the watcher (src/waits) looks for it. */
import { awaitedIn } from "../../providers/core/patience.ts";
import type { Awaited } from "../../providers/core/patience.ts";
import type { UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { inTransaction } from "../db/index.ts";
import { settleWithVm } from "../purchases/index.ts";
import { beginWait, saveVpsResult, setVpsStatus, usualWaitSeconds, waitText } from "../records/index.ts";
import type { Phase } from "../records/index.ts";
import { closeRun, recordCancelled } from "./close-run.ts";
import { untilSaved } from "./end-run.ts";
import type { JobRun } from "./end-run.ts";
import type { WorkerContext } from "./worker-context.ts";

const PHASE_OF: Readonly<Record<Awaited, Phase>> = { running: "vm", purchase: "vm", health: "health" };

/** @returns false if it cannot be told what is waited for; then it is a failure like others */
export async function recordNotYet({ pool, engine, settings, vms, handOver, log }: WorkerContext, { record, runId, recorder }: JobRun, error: UserVpsError, seconds: number): Promise<boolean> {
  const { userId, username, hostname } = record;
  const awaited = awaitedIn(error.message);
  if (!awaited) return false;
  const { what, seen } = awaited;
  const vm = what === "purchase" ? undefined : (await engine.vms(username)).find(({ isLeftOver }) => !isLeftOver);
  if ((what !== "purchase" && !vm) || (what === "health" && vm?.address === undefined)) return false;
  const vmId = vm?.vmId ?? null;
  const waitingFor = waitText({ what, vmId, hostname }, seen);
  log(`${username}: waits for ${waitingFor}`);
  recorder.onLine(`waits for ${waitingFor}`);
  await recorder.flush();
  const { runningTimeoutMs, purchaseSettleMs } = vms.openSession({ signal: handOver, report: () => undefined }).settings;
  const limitSeconds = { running: runningTimeoutMs / SECOND_MS, purchase: purchaseSettleMs / SECOND_MS, health: settings.healthTimeoutSeconds }[what];
  await untilSaved({ log, handOver }, undefined, async () => await inTransaction(pool, async (db) => {
    const ended = await closeRun(db, { userId, runId }, { outcome: "waiting", message: waitingFor, seconds, resources: recorder.resources() });
    if (!ended) return;
    if (vm) await saveVpsResult(db, userId, { hostingerVmId: vm.vmId, ...(vm.address && { address: vm.address }) });
    if (vm) await settleWithVm(db, userId, { vmId: vm.vmId });
    if (ended === "cancelled") return await recordCancelled(db, userId);
    await beginWait(db, { userId, username, hostname, what, vmId, address: vm?.address ?? null, seen, limitSeconds });
    await setVpsStatus(db, userId, { status: "provisioning", phase: PHASE_OF[what], waitingKind: what, waitingFor, waitingUsualSeconds: (await usualWaitSeconds(db, what)) ?? null });
  }));
  return true;
}
