/** Warm slots: processes that have everything loaded that a run needs; as many as there have been runs at a time. */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { UserVpsError } from "../../providers/core/errors.ts";
import { joinSignals } from "../../providers/core/join-signals.ts";
import { ownNodeArguments } from "../../providers/core/own-node.ts";
import { inSeconds, MINUTE_MS } from "../../providers/core/time.ts";
import { giveWay } from "./give-way.ts";
import type { FromSlot, ToSlot } from "./messages.ts";

export interface Slot {
  /** Every process of the run carries it, beside those of the slot itself: see src/provisioning/process-tags.ts. */
  readonly slotId: string;
  /** Where the stack's program is served: for the engine's `--client`. */
  readonly program: string;
  /** What the engine is to attach to: its PULUMI_DEBUG_PROVIDERS. */
  readonly providers: string;
  /**
   * The run has ended. Returns what the program has put out, secrets in plain text; undefined if
   * that is not known. The process of a run that failed, was cancelled or killed is ended: something
   * of the run may still be going on in it.
   */
  release(how: { readonly failed: boolean }): Promise<Readonly<Record<string, unknown>> | undefined>;
}

export interface SlotsOptions {
  /** What providers get to see of the environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By which its processes are found: name and value of the worker's tag. */
  readonly tag: (slotId: string) => Readonly<Record<string, string>>;
  /** A stand-in serves for Cloudflare's plugin; the real one the engine starts itself. */
  readonly standIns: boolean;
  /** What the program gets to see of the environment: its settings come with each run, from the engine. */
  readonly programEnv?: Readonly<Record<string, string | undefined>>;
  /** Its processes leave the processor to whoever waits for an answer. */
  readonly givesWay?: boolean;
  readonly limits: SlotLimits;
}

export interface SlotLimits {
  /** After so many runs a process is replaced. */
  readonly mostRuns: number;
  /** One that says nothing for so long is frozen: it is ended as if it were dead. */
  readonly answerLimitMs: number;
}
/** The second is many times what a process takes to load on a busy machine. */
export const SLOT_LIMITS: SlotLimits = { mostRuns: 100, answerLimitMs: 2 * MINUTE_MS };

interface SlotProcess {
  readonly slotId: string;
  readonly child: ChildProcess;
  runs: number;
}

const PROJECT = resolve(import.meta.dirname, "..", "..");
/** Of V8's young generation: after a hundred runs a process holds 150 MB with it, 270 without, for a twentieth more of processor time. */
const NEW_SPACE_MB = 4;
/** Processes that are found dead, one after the other, before the run fails. */
const MOST_STARTS = 3;

export class Slots {
  readonly #options: SlotsOptions;
  readonly #idle: SlotProcess[] = [];
  readonly #all = new Set<SlotProcess>();
  #closed = false;

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  /** Starts processes ahead, so that the first runs need not wait for them; others start when more runs come at a time, and stay. */
  prepare(count: number): void {
    while (!this.#closed && this.#idle.length < count) this.#idle.push(this.#start());
  }

  /**
   * @param providerEnv what the providers get to see of the environment in this run alone
   * @param over aborted when the run is to end; its reason is thrown
   */
  async take(providerEnv: Readonly<Record<string, string>> = {}, over?: AbortSignal): Promise<Slot> {
    for (let start = 1; ; start += 1) {
      over?.throwIfAborted();
      const slot = this.#idle.pop() ?? this.#start();
      try {
        const { program, providers } = await this.#ask(slot, { kind: "begin", standIns: this.#options.standIns, programEnv: this.#options.programEnv ?? {}, providerEnv }, "begun", over);
        slot.runs += 1;
        return { slotId: slot.slotId, program, providers, release: ({ failed }) => this.#release(slot, failed) };
      } catch (error) {
        await end(slot.child);
        if (over?.aborted || start === MOST_STARTS) throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#all].map(({ child }) => end(child)));
  }

  async #release(slot: SlotProcess, failed: boolean): Promise<Readonly<Record<string, unknown>> | undefined> {
    // The SDK may find that the program left something undone, and end the process for it.
    const ended = failed ? undefined : await this.#ask(slot, { kind: "end", failed }, "ended").catch(() => undefined);
    if (ended && slot.runs < this.#options.limits.mostRuns && !this.#closed) {
      this.#idle.push(slot);
    } else {
      try {
        this.prepare(this.#idle.length + 1);
      } catch {
        // A machine without memory for another process (ENOMEM) fails no run for it: the next one starts its own.
      }
      await end(slot.child);
    }
    return ended?.outputs;
  }

  async #ask<K extends FromSlot["kind"]>({ child }: SlotProcess, message: ToSlot, expected: K, over?: AbortSignal): Promise<Extract<FromSlot, { kind: K }>> {
    const limitMs = this.#options.limits.answerLimitMs;
    const ends = joinSignals({ signals: [over], limitMs, late: () => new UserVpsError("ENGINE_FAILED", `The process of a slot has not answered within ${inSeconds(limitMs)}.`) });
    try {
      return await ask(child, message, expected, ends.signal);
    } finally {
      ends.leave();
    }
  }

  #start(): SlotProcess {
    const { env, tag, givesWay } = this.#options;
    const slotId = randomUUID();
    const child = fork(join(import.meta.dirname, "slot-process.ts"), {
      cwd: PROJECT,
      env: { ...env, ...tag(slotId) },
      execArgv: [...ownNodeArguments(), `--max-semi-space-size=${NEW_SPACE_MB}`],
      // A session of its own, to give way as a whole.
      detached: true,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.unref();
    child.channel?.unref();
    if (givesWay) giveWay(child.pid);
    const slot = { slotId, child, runs: 0 };
    this.#all.add(slot);
    const forget = () => {
      this.#all.delete(slot);
      const index = this.#idle.indexOf(slot);
      if (index >= 0) this.#idle.splice(index, 1);
    };
    child.on("error", forget);
    child.on("exit", forget);
    return slot;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.ref();
  child.kill("SIGKILL");
  await exited;
}

async function ask<K extends FromSlot["kind"]>(child: ChildProcess, message: ToSlot, expected: K, over: AbortSignal): Promise<Extract<FromSlot, { kind: K }>> {
  const settled = new AbortController();
  const answer = once(child, "message", { signal: settled.signal }) as Promise<[FromSlot]>;
  const exit = once(child, "exit", { signal: settled.signal }).then(() => undefined);
  const isOver = once(over, "abort", { signal: settled.signal }).then(() => over.throwIfAborted());
  child.channel?.ref();
  try {
    if (!child.connected) throw new UserVpsError("ENGINE_FAILED", "The process of a slot has ended.");
    child.send(message);
    const [reply] = (await Promise.race([answer, exit, isOver])) ?? [];
    if (reply?.kind !== expected) throw new UserVpsError("ENGINE_FAILED", `The process of a slot ended, or answered otherwise than expected: ${reply?.kind ?? "no answer"}.`);
    return reply as Extract<FromSlot, { kind: K }>;
  } finally {
    settled.abort();
    child.channel?.unref();
    await Promise.allSettled([answer, exit, isOver]);
  }
}
