/** The engine by Pulumi's Automation API: the stack's program runs in a process beside this one, the engine is the CLI. */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { Stack } from "./automation.ts";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { joinSignals } from "../../providers/core/join-signals.ts";
import { PATIENCE_VARIABLE } from "../../providers/core/patience.ts";
import { RUN_AGAIN_VARIABLE } from "../../providers/core/run-again.ts";
import { currentTraceparent } from "../../providers/core/tracing.ts";
import { ALLOW_DELETE_VARIABLE } from "../../providers/hostinger/allow-delete.ts";
import { ALLOW_PURCHASE_VARIABLE } from "../../providers/hostinger/settings.ts";
import { BEING_MADE } from "../../providers/hostinger/vm-state.ts";
import { preparePulumiHome } from "../install-pulumi/ensure-engine.ts";
import type { Engine as InstalledEngine } from "../install-pulumi/ensure-engine.ts";
import type { DestroyOptions, Engine, RunHooks, RunResult, StackOutputs, StackRequest, StackVm, UpOptions, UpResult } from "./engine.ts";
import { dnsRecordsOf } from "./dns-records.ts";
import { listenToRun } from "./engine-events.ts";
import { failureOf } from "./failure.ts";
import { forgetInState } from "./forget-in-state.ts";
import { clearInterruptedRun } from "./interrupted-run.ts";
import type { LostDnsRecords, WantedRecord } from "./lost-dns-record.ts";
import { killRunsOfStack } from "./process-tags.ts";
import { CommandFailed, createPulumiCommand } from "./pulumi-command.ts";
import type { CommandEnd, CommandFlags, RunnableCommand } from "./pulumi-command.ts";
import { releaseStaleLocks } from "./state-locks.ts";
import type { EngineProcesses } from "./state-locks.ts";
import { createStackWorkspace, runEnvironment } from "./stack-workspace.ts";
import type { StackState, StateBackend, StateResource } from "./state-backend.ts";
import type { ExportedStack } from "./way-in.ts";
import { createWorkFolder } from "./work-folder.ts";
import type { Slot, Slots } from "../slots/slots.ts";

export interface AutomationEngineOptions {
  readonly installed: InstalledEngine;
  /** The worker's own: for its PULUMI_HOME, into which parallel CLIs write, and for the folders of runs. */
  readonly folder: string;
  /** For the engine and its providers: tokens and base URLs, passphrase. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly backendUrl: string;
  readonly backend: StateBackend;
  readonly secretsProvider?: string | undefined;
  readonly workerId: string;
  readonly processes: EngineProcesses;
  readonly dns: LostDnsRecords;
  readonly slots: Slots;
  /** Its processes leave the processor to whoever waits for an answer. */
  readonly givesWay?: boolean;
}

/** As many updates as `pulumi stack history` shows of a stack, and somewhat more: older ones are looked for after one `up` of so many. */
const KEPT_UPDATES = 20;
const UPS_A_PRUNING = 8;

interface OpenOptions {
  /** The stack is made if it is not there. */
  readonly create?: boolean;
  /** false: it takes no lock, and what it starts is not to be looked for. */
  readonly isRun?: boolean;
  /** Whether the stack's program or its providers are called. */
  readonly slot?: boolean;
  /** What the program put out, if it came to that. */
  readonly onOutputs?: (outputs: StackOutputs) => void;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: CommandFlags;
}

interface OpenStack {
  readonly stack: Stack;
  /** How every operation reports. */
  readonly options: { readonly onEvent: (event: EngineEvent) => void; readonly suppressProgress: true; readonly suppressOutputs: true };
  /** Of this run alone, and removed with it. */
  readonly folder: string;
  /** Calls the CLI; returns what it printed. */
  readonly cli: (...args: string[]) => Promise<string>;
  /** By the engine's last summary. */
  readonly result: () => RunResult;
}

export class AutomationEngine implements Engine {
  readonly #options: AutomationEngineOptions;
  readonly #installation: string;
  #ups = 0;

  constructor(options: AutomationEngineOptions) {
    this.#options = options;
    this.#installation = installationOf(options.backendUrl);
  }

  async up(request: StackRequest, hooks: RunHooks, { refresh = false, patience = "own", mayBuy = false, leftOvers = [], again = [] }: UpOptions = {}): Promise<UpResult> {
    let outputs: StackOutputs = {};
    const env = { [PATIENCE_VARIABLE]: patience, [ALLOW_PURCHASE_VARIABLE]: String(mayBuy), [RUN_AGAIN_VARIABLE]: again.join(","), ...(leftOvers.length > 0 && { [ALLOW_DELETE_VARIABLE]: leftOvers.join(",") }) };
    const ended = await this.#withStack(request, hooks, { create: true, slot: true, env, onOutputs: (values) => { outputs = values; } }, async ({ stack, options, result }) => {
      await stack.up({ ...options, refresh });
      if (this.#ups++ % UPS_A_PRUNING === 0) await this.#pruneHistory(request.stackName, KEPT_UPDATES, hooks);
      return result();
    });
    return { ...ended, outputs };
  }

  preview(request: StackRequest, { refresh }: { refresh: boolean }, hooks: RunHooks): Promise<RunResult> {
    return this.#withStack(request, hooks, { slot: true }, async ({ stack, options, result }) => {
      await stack.preview({ ...options, refresh });
      return result();
    });
  }

  refresh(request: StackRequest, hooks: RunHooks): Promise<RunResult> {
    return this.#withStack(request, hooks, { slot: true }, async ({ stack, options, result }) => {
      await stack.refresh(options);
      return result();
    });
  }

  async destroy(request: StackRequest, hooks: RunHooks, { leavesVm = false }: DestroyOptions = {}): Promise<RunResult> {
    const { backend } = this.#options;
    const state = await backend.readStack(request.stackName);
    const left = leavesVm ? (state?.resources ?? []).filter(isVm).map(({ urn }) => urn) : [];
    // With the VM the state forgets them: nobody would come back for what still leads to it.
    if (left.length > 0) for (const record of dnsRecordsOf(state?.resources ?? [])) await this.#removeUnknown(record, hooks);
    const ended = state ? await this.#destroy(request, hooks, left) : { changes: {} };
    await backend.removeCopies(request.stackName);
    return ended;
  }

  /** @param left forgotten, with all that depends on them */
  #destroy(request: StackRequest, hooks: RunHooks, left: readonly string[]): Promise<RunResult> {
    // With the stack itself, by the same call. What is protected stays so in the state until it is gone.
    const flags = { destroy: ["--ignore-protect", "--remove"] };
    return this.#withStack(request, hooks, { slot: true, flags, env: { [ALLOW_DELETE_VARIABLE]: "true" } }, async ({ stack, cli, options, result }) => {
      if (left.length > 0) await cli("state", "unprotect", "--all", "--yes", "--stack", request.stackName);
      for (const urn of left) await cli("state", "delete", urn, "--target-dependents", "--yes", "--stack", request.stackName);
      // A DNS record that is gone already makes a destroy fail unless it is looked for first.
      await stack.destroy({ ...options, refresh: true });
      return result();
    });
  }

  async vms(stackName: string): Promise<readonly StackVm[]> {
    const resources = (await this.#options.backend.readStack(stackName))?.resources ?? [];
    return resources.filter(isVm).map(stackVm);
  }

  /** With its secrets in plain text. It is no run: it takes no lock, and leaves nothing behind. */
  exportStack(stackName: string, hooks: RunHooks): Promise<ExportedStack> {
    return this.#withStack({ stackName, config: {} }, hooks, { isRun: false }, async ({ stack }) => await stack.exportStack() as ExportedStack);
  }

  async clearInterruptedRun(request: StackRequest, hooks: RunHooks): Promise<void> {
    const { backend, processes } = this.#options;
    // Else it would end the engine of whoever has the user by now.
    await hooks.refuseLost?.();
    await this.cancel(request.stackName);
    await releaseStaleLocks({ backend, processes, stackName: request.stackName });
    const state = await backend.readStack(request.stackName);
    if (!state) return;
    const { zoneId, domain } = request.config;
    await clearInterruptedRun(state, { zoneId, domain }, {
      removeUnknown: (record) => this.#removeUnknown(record, hooks),
      say: (text) => hooks.onLine?.(text),
      forget: (isForgotten) => this.#withStack(request, hooks, {}, ({ folder, cli }) => forgetInState({ stackName: request.stackName, folder, cli }, isForgotten)),
    });
  }

  async cancel(stackName: string): Promise<void> {
    await killRunsOfStack(this.#stackTag(stackName));
  }

  /** Whoever has the user by now may just have made it. */
  async #removeUnknown(record: WantedRecord, { refuseLost }: RunHooks): Promise<boolean> {
    await refuseLost?.();
    return await this.#options.dns.removeUnknown(record);
  }

  /** Nothing depends on it, so it fails no run. */
  async #pruneHistory(stackName: string, keptUpdates: number, { onLine }: RunHooks): Promise<void> {
    await this.#options.backend.pruneHistory(stackName, keptUpdates).catch((error: unknown) => onLine?.(`older states are kept for now: ${messageOf(error)}`));
  }

  get #pulumiHome(): string {
    return join(this.#options.folder, "pulumi-home");
  }

  #stackTag(stackName: string): string {
    return `${this.#installation}/${stackName}`;
  }

  async #takeSlot(env: Readonly<Record<string, string>>, { signal, killSignal }: RunHooks): Promise<Slot> {
    const ends = joinSignals({ signals: [signal, killSignal] });
    try {
      return await this.#options.slots.take(env, ends.signal);
    } finally {
      ends.leave();
    }
  }

  /** Opens the stack in a folder of its own, in a slot if one is asked for, and leaves nothing of both behind. */
  async #withStack<T>(request: StackRequest, hooks: RunHooks, { env: given, ...options }: OpenOptions, work: (open: OpenStack) => Promise<T>): Promise<T> {
    const { installed, backend } = this.#options;
    await hooks.refuseLost?.();
    const traceparent = currentTraceparent();
    const env = { ...given, ...(traceparent && { TRACEPARENT: traceparent }) };
    const state = await backend.readStack(request.stackName);
    const folder = await createWorkFolder(this.#options.folder);
    const slot = options.slot ? await this.#takeSlot(env, hooks).catch(async (error: unknown) => { await folder.remove(); throw error; }) : undefined;
    let failed = true;
    const pulumi = this.#command(request, hooks, { ...options, env }, slot);
    const told = listenToRun((event) => hooks.onEvent?.(event));
    try {
      // Each time: the system may clear away what is old of it.
      await preparePulumiHome(this.#pulumiHome, installed);
      const stack = await this.#openStack(request, state, folder.path, pulumi, options);
      const worked = await work({
        stack,
        folder: folder.path,
        options: { onEvent: told.onEvent, suppressProgress: true, suppressOutputs: true },
        cli: async (...args) => (await pulumi.run(args, folder.path, {})).stdout,
        result: () => ({ changes: told.changes() }),
      });
      // An engine that came to its end while this process stood still: what follows is for whoever has the user by now.
      await hooks.refuseLost?.();
      failed = false;
      return worked;
    } catch (error) {
      const failure = this.#failure(error, request.stackName, hooks, told.errors, pulumi.last);
      // Such a run has come to a good end: its slot serves the next one.
      failed = !(failure instanceof UserVpsError && failure.code === "NOT_YET");
      throw failure;
    } finally {
      const outputs = await slot?.release({ failed });
      if (outputs) options.onOutputs?.(outputs);
      await folder.remove();
    }
  }

  /** The command line, as this run calls it. */
  #command(request: StackRequest, hooks: RunHooks, { env: given, flags, isRun = true }: OpenOptions, slot: Slot | undefined): RunnableCommand {
    const { installed, env, backendUrl, processes, workerId, givesWay } = this.#options;
    const { runId, signal, killSignal, onLine } = hooks;
    return createPulumiCommand({
      binDir: installed.binDir,
      version: installed.version,
      env: runEnvironment({ installed, env: { ...env, ...given }, backendUrl, pulumiHome: this.#pulumiHome, runId, providers: slot?.providers }),
      programAddress: slot?.program,
      flags,
      tags: { run: runId, stack: this.#stackTag(request.stackName), worker: workerId, ...(slot && { slot: slot.slotId }) },
      signal,
      killSignal,
      onLine,
      givesWay,
      beforeStart: async (pid) => { if (isRun) await processes.add({ runId, hostId: hostname(), pid }); },
    });
  }

  async #openStack(request: StackRequest, state: StackState | undefined, workDir: string, pulumi: RunnableCommand, { create = false }: OpenOptions): Promise<Stack> {
    const { backend, secretsProvider } = this.#options;
    const workspace = await createStackWorkspace({ request, state, pulumi, workDir, pulumiHome: this.#pulumiHome, secretsProvider });
    // A key service is asked for a stack's own key by `pulumi stack init` alone.
    const isThere = state !== undefined || !create || (!secretsProvider && (await backend.createStack(request.stackName)));
    const stack = isThere ? await Stack.select(request.stackName, workspace) : await Stack.create(request.stackName, workspace);
    // Not asked for: it would be one more call of the CLI, for what the events have told.
    stack.info = async () => undefined;
    return stack;
  }

  /** A signal's reason says it better than the engine that it ended. */
  #failure(error: unknown, stackName: string, { signal, killSignal, redact }: RunHooks, errors: readonly string[], last: CommandEnd): unknown {
    if (killSignal?.aborted) return killSignal.reason;
    if (signal?.aborted) return signal.reason;
    if (!(error instanceof CommandFailed)) return error;
    return Object.assign(failureOf({ stackName, errors, output: last.output, end: last.end, redact, isOfService: true }), { cause: error });
  }
}

function isVm({ type }: StateResource): boolean {
  return type.endsWith(":VirtualMachine");
}

function stackVm({ outputs = {}, delete: isLeftOver = false }: StateResource): StackVm {
  const { vmId, plan, dataCenterId, recreation, ipv4, state } = outputs as { vmId: number; plan?: string; dataCenterId?: number; recreation?: string; ipv4?: string; state?: string };
  return { vmId, plan, dataCenterId, recreation, address: ipv4, isLeftOver, isNew: state === BEING_MADE };
}

/** Short, and different for each state backend; holds nothing of the URL. */
function installationOf(backendUrl: string): string {
  const { host, pathname, search } = new URL(backendUrl);
  return createHash("sha256").update(`${host}${pathname}${search}`).digest("hex").slice(0, 12);
}
