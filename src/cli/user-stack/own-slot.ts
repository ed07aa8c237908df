/** What a run on one user's stack needs beside the engine, in one process: see src/slots. */
import { STACK_SETTINGS } from "../../../stacks/stack-settings.ts";
import { VARIABLES } from "../../config/index.ts";
import { engineEnvironment } from "../../install-pulumi/engine-environment.ts";
import type { Engine } from "../../install-pulumi/ensure-engine.ts";
import { tagEnvironment } from "../../provisioning/process-tags.ts";
import { clientOf } from "../../provisioning/pulumi-command.ts";
import { SLOT_LIMITS, Slots } from "../../slots/slots.ts";
import type { EngineRun } from "./pulumi-run.ts";

export interface OwnSlot {
  /**
   * @param command `up`, `preview` or `destroy`
   * @param more in the environment of this one command, the engine's and the providers'
   */
  attached<T>(command: string, run: EngineRun, more: Readonly<Record<string, string>>, work: (args: readonly string[], run: EngineRun) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Starts to load at once. @param runId the tag by which the watchdog finds it */
export function openOwnSlot(env: NodeJS.ProcessEnv, engine: Engine, runId: string): OwnSlot {
  const ofProgram = STACK_SETTINGS.filter((setting) => setting.env !== undefined);
  const onlyProgram = ofProgram.filter(({ secret }) => secret).map((setting) => setting.env!);
  const kept = [...onlyProgram, VARIABLES.passphrase.name, VARIABLES.passphraseFile.name, "PULUMI_BACKEND_URL", "PGPASSWORD"];
  const slots = new Slots({
    env: { ...engineEnvironment(engine, env), ...Object.fromEntries(kept.map((name) => [name, undefined])) },
    programEnv: Object.fromEntries(ofProgram.map((setting) => [setting.env!, env[setting.env!]])),
    tag: () => tagEnvironment({ worker: runId }),
    standIns: engine.standIns,
    limits: SLOT_LIMITS,
  });
  slots.prepare(1);
  return {
    async attached(command, { cwd, env: given }, more, work) {
      const slot = await slots.take(more);
      const worked = await work(clientOf(command, slot.program), { cwd, env: { ...given, ...more, PULUMI_DEBUG_PROVIDERS: slot.providers } });
      // That of a run that failed serves no other: `close` ends it.
      await slot.release({ failed: false });
      return worked;
    },
    close: () => slots.close(),
  };
}
