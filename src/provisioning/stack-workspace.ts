import { LocalWorkspace } from "./automation.ts";
import type { StackSettings } from "@pulumi/pulumi/automation/index.js";
import { engineBackend } from "../install-pulumi/engine-backend.ts";
import { engineEnvironment } from "../install-pulumi/engine-environment.ts";
import type { Engine as InstalledEngine } from "../install-pulumi/ensure-engine.ts";
import { PROJECT_NAME } from "../../stacks/project-name.ts";
import type { StackRequest } from "./engine.ts";
import type { RunnableCommand } from "./pulumi-command.ts";
import type { StackState } from "./state-backend.ts";

export { PROJECT_NAME };

export interface StackWorkspaceOptions {
  readonly request: StackRequest;
  readonly workDir: string;
  readonly pulumiHome: string;
  /** Of the stack, if it is there already: its secrets stay encrypted as they are. */
  readonly state: StackState | undefined;
  readonly pulumi: RunnableCommand;
  readonly secretsProvider?: string | undefined;
}

/** Writes the project's and the stack's settings into the folder, for the calls of the CLI that follow. */
export async function createStackWorkspace({ request, workDir, pulumiHome, state, pulumi, secretsProvider }: StackWorkspaceOptions): Promise<LocalWorkspace> {
  const config = Object.fromEntries(Object.entries(request.config).map(([key, value]) => [`${PROJECT_NAME}:${key}`, value]));
  const settings: StackSettings = { ...state?.secretsSettings, config };
  const workspace = await LocalWorkspace.create({
    workDir,
    pulumiHome,
    pulumiCommand: pulumi.command,
    ...(secretsProvider && { secretsProvider }),
    projectSettings: { name: PROJECT_NAME, runtime: "nodejs" },
    stackSettings: { [request.stackName]: settings },
  });
  // Every call names its stack. Selecting one would only write to a file that parallel runs share.
  workspace.selectStack = async () => undefined;
  // `Stack.up` asks for the outputs by two calls of the CLI; one is enough, see AutomationEngine.outputs.
  workspace.stackOutputs = async () => ({});
  return workspace;
}

export interface RunEnvironmentOptions {
  readonly installed: InstalledEngine;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pulumiHome: string;
  readonly backendUrl: string;
  readonly runId: string;
  /** What the engine is to attach to instead of starting it. */
  readonly providers?: string | undefined;
}

/** All that the engine and its providers get to see of the environment. */
export function runEnvironment({ installed, env, pulumiHome, backendUrl, runId, providers }: RunEnvironmentOptions): Record<string, string> {
  const complete = {
    ...engineEnvironment(installed, env),
    PULUMI_HOME: pulumiHome,
    ...engineBackend(backendUrl, { applicationName: `user-vps ${runId}`, env }),
    PULUMI_DEBUG_PROVIDERS: providers,
    // A copy of each state before each change; the history has them as well.
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
  };
  return Object.fromEntries(Object.entries(complete).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
