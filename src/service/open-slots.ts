/** The engine and its warm slots, which need no database: a slot takes as long to start as a database to open. */
import { randomUUID } from "node:crypto";
import { tagEnvironment } from "../provisioning/process-tags.ts";
import { VARIABLES } from "../config/index.ts";
import type { Environment, Settings } from "../config/index.ts";
import { engineEnvironment } from "../install-pulumi/engine-environment.ts";
import { ensureEngine } from "../install-pulumi/ensure-engine.ts";
import type { Engine as InstalledEngine } from "../install-pulumi/ensure-engine.ts";
import { SLOT_LIMITS, Slots } from "../slots/slots.ts";
import { engineVariables, withTokenOfNow } from "./engine-variables.ts";

export interface OpenSlots {
  readonly workerId: string;
  readonly installed: InstalledEngine;
  /** What the engine and its providers get to see of the environment. */
  readonly env: Environment;
  readonly slots: Slots;
}

export interface OpenSlotsOptions {
  readonly settings: Settings;
  readonly env: Environment;
  readonly onProgress: (line: string) => void;
  /** Aborted: an engine that is still to be fetched or built is given up. */
  readonly signal: AbortSignal;
}

export async function openSlots({ settings, env, onProgress, signal }: OpenSlotsOptions): Promise<OpenSlots> {
  const workerId = randomUUID();
  const installed = await ensureEngine({ env: { ...env }, onProgress, signal });
  // Secrets that the program itself needs; the providers do not see them.
  const ofProgram = { [VARIABLES.sshPrivateKey.name]: settings.sshPrivateKey, [VARIABLES.acmeEabMacKey.name]: settings.acmeEabMacKey };
  const forEngine = { ...engineVariables(withTokenOfNow(env)), ...Object.fromEntries(Object.keys(ofProgram).map((name) => [name, undefined])) };
  const slots = new Slots({
    env: { ...engineEnvironment(installed, forEngine), [VARIABLES.passphrase.name]: undefined, PGPASSWORD: undefined },
    tag: (slot) => tagEnvironment({ worker: workerId, slot }),
    standIns: installed.standIns,
    programEnv: ofProgram,
    givesWay: true,
    limits: SLOT_LIMITS,
  });
  slots.prepare(1);
  return { workerId, installed, env: forEngine, slots };
}
