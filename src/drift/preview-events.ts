/** A preview with refresh of one stack, whose events of the engine are handed on as they are. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { LocalWorkspace, Stack } from "@pulumi/pulumi/automation/index.js";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { UserVpsError } from "../../providers/core/errors.ts";
import { userVpsProgram } from "../../stacks/program.ts";
import { engineEnvironment, preparePulumiHome } from "../engine/ensure-engine.ts";
import type { Engine as InstalledEngine } from "../engine/ensure-engine.ts";
import { PROJECT_NAME } from "../provisioning/automation-engine.ts";
import type { StackRequest } from "../provisioning/engine.ts";
import { failureOf } from "../provisioning/failure.ts";
import { CommandFailed, createPulumiCommand } from "../provisioning/pulumi-command.ts";
import type { StateBackend } from "../provisioning/state-backend.ts";
import { createWorkFolder } from "../provisioning/work-folder.ts";

export interface PreviewEnd {
  /** undefined: the engine would change what its events say, or nothing. */
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
  readonly workerId: string;
}

/** Refusals of a provider's `check`: what they say is a part of the result. All else is a failure. */
const REFUSALS: ReadonlySet<string> = new Set(["CHANGE_REFUSED", "VM_GONE"]);

export function previewWithRefresh(options: PreviewOptions): PreviewWithRefresh {
  const { installed, backend, workerId } = options;
  const pulumiHome = join(options.folder, "pulumi-home-of-previews");
  let ready: Promise<void> | undefined;
  return async (request, onEvent, signal) => {
    const { stackName } = request;
    await (ready ??= preparePulumiHome(pulumiHome, installed));
    const state = await backend.readStack(stackName);
    if (!state) throw new UserVpsError("INPUT_INVALID", `There is no stack '${stackName}'.`, { next: "Run `up` for the user first." });
    const folder = await createWorkFolder(options.folder);
    const runId = randomUUID();
    const errors: string[] = [];
    const pulumi = createPulumiCommand({
      binDir: installed.binDir,
      version: installed.version,
      env: environmentOf(options, pulumiHome),
      tags: { run: runId, stack: `preview/${stackName}`, worker: workerId },
      signal,
    });
    try {
      const config = Object.fromEntries(Object.entries(request.config).map(([key, value]) => [`${PROJECT_NAME}:${key}`, value]));
      const workspace = await LocalWorkspace.create({
        workDir: folder.path,
        pulumiHome,
        pulumiCommand: pulumi.command,
        program: async () => userVpsProgram(),
        projectSettings: { name: PROJECT_NAME, runtime: "nodejs" },
        stackSettings: { [stackName]: { ...state.secretsSettings, config } },
      });
      workspace.selectStack = async () => undefined;
      const stack = await Stack.select(stackName, workspace);
      await stack.preview({
        refresh: true,
        suppressProgress: true,
        suppressOutputs: true,
        onEvent: (event) => {
          if (event.diagnosticEvent?.severity === "error") errors.push(event.diagnosticEvent.message);
          onEvent(event);
        },
      });
      return {};
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof CommandFailed)) throw error;
      const failure = failureOf({ stackName, errors, output: pulumi.last.output, end: pulumi.last.end });
      if (!REFUSALS.has(failure.code)) throw failure;
      return { refusal: failure };
    } finally {
      await folder.remove();
    }
  };
}

function environmentOf({ installed, env, backendUrl }: PreviewOptions, pulumiHome: string): Record<string, string> {
  const url = new URL(backendUrl);
  url.searchParams.set("application_name", `user-vps preview on ${hostname()}`);
  // Go's driver insists on TLS unless told, node-postgres does not.
  if (!url.searchParams.has("sslmode")) url.searchParams.set("sslmode", "disable");
  const complete = { ...engineEnvironment(installed, env as NodeJS.ProcessEnv), PULUMI_HOME: pulumiHome, PULUMI_BACKEND_URL: url.href };
  return Object.fromEntries(Object.entries(complete).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
