import { AutomationEngine } from "../src/provisioning/automation-engine.ts";
import type { Engine } from "../src/provisioning/engine.ts";
import { tagEnvironment } from "../src/provisioning/process-tags.ts";
import { PROJECT_NAME } from "../src/provisioning/stack-workspace.ts";
import { StateBackend } from "../src/provisioning/state-backend.ts";
import { SLOT_LIMITS, Slots } from "../src/slots/slots.ts";
import { cpuSecondsBelow } from "./processes.ts";
import type { Operation, Way } from "./ways.ts";
import { settingsOf, timed } from "./ways.ts";
import type { BenchWorld } from "./world.ts";

const WORKER = "bench";

export interface ServiceEngine {
  readonly engine: Engine;
  close(): Promise<void>;
}

/** The engine as a worker of the service has it that has been running: its slots' processes are there. */
export async function openServiceEngine({ engine: installed, env, folder, databaseUrl }: BenchWorld, slotCount: number): Promise<ServiceEngine> {
  const backend = new StateBackend(databaseUrl, PROJECT_NAME);
  await backend.open();
  const slots = new Slots({ env, tag: (slot) => tagEnvironment({ worker: WORKER, slot }), standIns: installed.standIns, programEnv: env, limits: SLOT_LIMITS });
  slots.prepare(slotCount);
  const dns = { removeUnknown: async () => false, namesOf: async () => [], close: async () => undefined };
  // These runs are in no table of the service's.
  const processes = { add: async () => undefined, holds: async () => false };
  const engine = new AutomationEngine({ installed, folder, env, backendUrl: databaseUrl, backend, workerId: WORKER, processes, dns, slots, secretsProvider: env["SECRETS_PROVIDER"] });
  const warm = await Promise.all(Array.from({ length: slotCount }, () => slots.take()));
  await Promise.all(warm.map((slot) => slot.release({ failed: false })));
  return {
    engine,
    async close() {
      await Promise.all([slots.close(), backend.close()]);
    },
  };
}

/** The service's slot: what an `up` costs a worker, apart from the job around it. */
export function slotWay({ engine }: ServiceEngine): Way {
  return {
    name: "slot",
    measure: (stackName, operation) => timed(() => cpuSecondsBelow(process.pid), () => perform(engine, stackName, operation)),
    close: async () => undefined,
  };
}

async function perform(engine: Engine, stackName: string, operation: Operation): Promise<void> {
  const stack = { stackName, config: settingsOf(stackName) };
  const hooks = { runId: `bench-${stackName}-${operation}` };
  if (operation === "preview") await engine.preview(stack, { refresh: true }, hooks);
  else if (operation === "destroy") await engine.destroy(stack, hooks);
  else await engine.up(stack, hooks, { mayBuy: true });
}
