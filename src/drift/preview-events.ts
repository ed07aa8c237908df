/** A preview with refresh of one stack, whose events of the engine are handed on as they are. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Stack } from "../provisioning/automation.ts";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { UserVpsError } from "../../providers/core/errors.ts";
import { preparePulumiHome } from "../install-pulumi/ensure-engine.ts";
import type { Engine as InstalledEngine } from "../install-pulumi/ensure-engine.ts";
import type { StackRequest } from "../provisioning/engine.ts";
import { failureOf } from "../provisioning/failure.ts";
import { CommandFailed, createPulumiCommand } from "../provisioning/pulumi-command.ts";
import { createStackWorkspace, runEnvironment } from "../provisioning/stack-workspace.ts";
import type { StateBackend } from "../provisioning/state-backend.ts";
import { createWorkFolder } from "../provisioning/work-folder.ts";
import type { Slots } from "../slots/slots.ts";
import { isRefusal } from "./refusal.ts";

export interface PreviewEnd {
  /** Why `up` would be refused; the events say which resource it is about. */
  readonly refusal?: UserVpsError | undefined;
}

/** Shows what `up` would do after a look at what is really there. Changes nothing, neither there nor in the state. */
export type PreviewWithRefresh = (stack: StackRequest, onEvent: (event: EngineEvent) => void, signal?: AbortSignal) => Promise<PreviewEnd>;

export interface PreviewOptions {
  readonly installed: InstalledEngine;
  /** For the engine's home and the folders of runs. */
  readonly folder: string;
  /** For the engine and its providers: tokens and base URLs, passphrase. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly backendUrl: string;
  readonly backend: StateBackend;
  readonly slots: Slots;
  readonly secretsProvider?: string | undefined;
  readonly workerId: string;
  /** Takes secrets out of what a failure quotes. */
  readonly redact?: ((text: string) => string) | undefined;
}

export function previewWithRefresh(options: PreviewOptions): PreviewWithRefresh {
  const { installed, env, backend, backendUrl, slots, secretsProvider, workerId, redact } = options;
  const pulumiHome = join(options.folder, "pulumi-home-of-previews");
  return async (request, onEvent, signal) => {
    const { stackName } = request;
    const state = await backend.readStack(stackName);
    if (!state) throw new UserVpsError("INPUT_INVALID", `There is no stack '${stackName}'.`, { next: "Run `up` for the user first." });
    const runId = randomUUID();
    const folder = await createWorkFolder(options.folder);
    const slot = await slots.take({}, signal).catch(async (error: unknown) => { await folder.remove(); throw error; });
    let failed = true;
    const errors: string[] = [];
    const pulumi = createPulumiCommand({
      binDir: installed.binDir,
      version: installed.version,
      env: runEnvironment({ installed, env, backendUrl, pulumiHome, runId, providers: slot.providers }),
      programAddress: slot.program,
      tags: { run: runId, stack: `preview/${stackName}`, worker: workerId, slot: slot.slotId },
      signal,
    });
    try {
      await preparePulumiHome(pulumiHome, installed);
      const workspace = await createStackWorkspace({ request, state, pulumi, pulumiHome, secretsProvider, workDir: folder.path });
      const stack = await Stack.select(stackName, workspace);
      const events = (event: EngineEvent) => {
        if (event.diagnosticEvent?.severity === "error") errors.push(event.diagnosticEvent.message);
        onEvent(event);
      };
      await stack.preview({ refresh: true, suppressProgress: true, suppressOutputs: true, onEvent: events });
      failed = false;
      return {};
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof CommandFailed)) throw error;
      const failure = failureOf({ stackName, errors, output: pulumi.last.output, end: pulumi.last.end, redact, isOfService: true });
      if (!isRefusal(failure)) throw failure;
      return { refusal: failure };
    } finally {
      await slot.release({ failed });
      await folder.remove();
    }
  };
}
