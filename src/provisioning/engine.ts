/**
 * The one narrow interface to the Pulumi engine. How an engine is started is the business of what
 * is behind it (automation-engine.ts) and may change without anybody here noticing.
 */

import type { ChangedProperty } from "../records/index.ts";
import type { RunPatience } from "../../providers/core/patience.ts";
import type { Repeatable } from "../../providers/core/run-again.ts";

export interface StackRequest {
  /** The user name: every user has one stack. */
  readonly stackName: string;
  /** Settings of the stack by their names in stacks/stack-settings.ts, as text. None of them is a secret. */
  readonly config: Readonly<Record<string, string>>;
}

/** What the engine says while it works, as far as anybody here listens. */
export type EngineProgress =
  | { readonly kind: "resource-started"; readonly type: string; readonly name: string; readonly operation: string }
  | { readonly kind: "resource-ended"; readonly type: string; readonly name: string; readonly operation: string; readonly seconds: number; readonly failed: boolean; readonly outputs?: StackOutputs; readonly id?: string; /** Secrets among them are blotted out. */ readonly changed?: readonly ChangedProperty[] }
  /** A message of the engine or of a provider, without its trailing newline. */
  | { readonly kind: "message"; readonly severity: "info" | "warning" | "error"; readonly text: string };

export interface RunHooks {
  /** Marks every process of the run, so that it can be found again. */
  readonly runId: string;
  /** Asks the engine to stop: what is under way ends, the state is saved. What does not end soon is killed. */
  readonly signal?: AbortSignal | undefined;
  /** Kills the engine and its providers at once. */
  readonly killSignal?: AbortSignal | undefined;
  /** Rejects with the reason of `killSignal` where it is about to be told: this process may have stood still, and the user be another's by now. */
  readonly refuseLost?: (() => Promise<void>) | undefined;
  readonly onEvent?: ((event: EngineProgress) => void) | undefined;
  /** The engine's own output, line by line. May hold what must not be shown: see redact.ts. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Takes secrets out of what a failure quotes. */
  readonly redact?: ((text: string) => string) | undefined;
}

export interface UpOptions {
  /** Looks at what is really there first, and so repairs drift. */
  readonly refresh?: boolean;
  /** Whether the providers wait for what takes minutes; `own` unless given. */
  readonly patience?: RunPatience;
  /** Whether a VM may be bought: by whoever has a reservation for it, and by nobody else. */
  readonly mayBuy?: boolean;
  /** VMs in whose place the stack has another one, and that may be given up though it is protected. */
  readonly leftOvers?: readonly number[];
  /** What is done on the VPS also where the state says that it was. */
  readonly again?: readonly Repeatable[];
}

export interface DestroyOptions {
  /** The VM is somebody else's by now, or does not let itself be given up: it is left as it is. The stack's name leads to it no longer. */
  readonly leavesVm?: boolean;
}

export interface RunResult {
  /** As the engine counts them: `{ create: 5, same: 1 }`. */
  readonly changes: Readonly<Record<string, number>>;
}

export type StackOutputs = Readonly<Record<string, unknown>>;

export interface UpResult extends RunResult {
  /** Secrets among them in plain text. */
  readonly outputs: StackOutputs;
}

/** A VM as the stack's state has it, without a look at what is really there. */
export interface StackVm {
  readonly vmId: number;
  readonly plan: string | undefined;
  readonly dataCenterId: number | undefined;
  readonly recreation: string | undefined;
  /** Known once it ran. */
  readonly address: string | undefined;
  /** Another one is in its place already; it is given up by the next run. */
  readonly isLeftOver: boolean;
  /** It was sold, and has not been seen running: Hostinger may not find it yet. */
  readonly isNew: boolean;
}

/** Every operation throws a UserVpsError with a code of the catalogue. */
export interface Engine {
  /** Creates the stack if there is none. */
  up(stack: StackRequest, hooks: RunHooks, options?: UpOptions): Promise<UpResult>;
  preview(stack: StackRequest, options: { readonly refresh: boolean }, hooks: RunHooks): Promise<RunResult>;
  refresh(stack: StackRequest, hooks: RunHooks): Promise<RunResult>;
  /** Gives up everything, protected or not, and the stack with it. A stack that is not there is fine. */
  destroy(stack: StackRequest, hooks: RunHooks, options?: DestroyOptions): Promise<RunResult>;
  /** None if there is no such stack. */
  vms(stackName: string): Promise<readonly StackVm[]>;
  /** Removes what earlier runs of this installation left behind: see interrupted-run.ts. */
  clearInterruptedRun(stack: StackRequest, hooks: RunHooks): Promise<void>;
  /** Ends all processes of the stack's runs on this machine; returns when they are gone. */
  cancel(stackName: string): Promise<void>;
}
