import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { FromProgram, ToProgram } from "./program-process.ts";

/** Serves the stack's program to one engine. */
export interface ServedProgram {
  /** For the engine's `--client`. */
  readonly address: string;
  /** A process whose run failed is not used again: something of the run may still be going on in it. */
  release(how: { readonly failed: boolean }): Promise<void>;
}

/** Of the stack's settings, those that stand in no configuration. */
export interface ProgramSecrets {
  readonly sshPrivateKey?: string | undefined;
  readonly acmeEabMacKey?: string | undefined;
}

/** Processes that have the SDK and the program loaded; as many as there are runs at a time. */
export class ProgramProcesses {
  readonly #secrets: ProgramSecrets;
  readonly #idle: ChildProcess[] = [];
  readonly #all = new Set<ChildProcess>();
  #closed = false;

  constructor(secrets: ProgramSecrets = {}) {
    this.#secrets = secrets;
  }

  /** Starts processes ahead, so that the first runs need not wait for them. */
  prepare(count: number): void {
    while (this.#idle.length < count) this.#idle.push(this.#start());
  }

  async serve(): Promise<ServedProgram> {
    const child = this.#idle.pop() ?? this.#start();
    const { address } = await ask(child, { kind: "serve" }, "serving");
    return {
      address,
      release: async ({ failed }) => {
        // The SDK may find that the program left something undone, and end the process for it.
        const usable = !failed && (await ask(child, { kind: "end", failed }, "ended").then(() => true, () => false));
        if (usable) return void this.#idle.push(child);
        if (!this.#closed) this.prepare(this.#idle.length + 1);
        await end(child);
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#all].map(end));
  }

  #start(): ChildProcess {
    // Its settings come with each run, from the engine, in plain text; of the worker's secrets it gets those that the program itself needs.
    const { sshPrivateKey, acmeEabMacKey } = this.#secrets;
    const child = fork(join(import.meta.dirname, "program-process.ts"), {
      env: { PATH: process.env["PATH"], ...(sshPrivateKey && { SSH_PRIVATE_KEY: sshPrivateKey }), ...(acmeEabMacKey && { ACME_EAB_MAC_KEY: acmeEabMacKey }) },
      execArgv: ["--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.unref();
    child.channel?.unref();
    this.#all.add(child);
    const forget = () => {
      this.#all.delete(child);
      const index = this.#idle.indexOf(child);
      if (index >= 0) this.#idle.splice(index, 1);
    };
    child.on("error", forget);
    child.on("exit", forget);
    return child;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.ref();
  child.kill("SIGKILL");
  await exited;
}

async function ask<K extends FromProgram["kind"]>(child: ChildProcess, message: ToProgram, expected: K): Promise<Extract<FromProgram, { kind: K }>> {
  const settled = new AbortController();
  const answer = once(child, "message", { signal: settled.signal }) as Promise<[FromProgram]>;
  const exit = once(child, "exit", { signal: settled.signal }).then(() => undefined);
  child.channel?.ref();
  try {
    child.send(message);
    const [reply] = (await Promise.race([answer, exit])) ?? [];
    if (reply?.kind !== expected) throw new Error(`The process of the stack's program ended, or answered otherwise than expected: ${reply?.kind ?? "no answer"}.`);
    return reply as Extract<FromProgram, { kind: K }>;
  } finally {
    settled.abort();
    child.channel?.unref();
    await Promise.allSettled([answer, exit]);
  }
}
