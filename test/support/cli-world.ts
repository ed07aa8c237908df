import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { sandboxEnvironment } from "../../src/cli/sandbox-env.ts";
import { engineEnvironment } from "../../src/install-pulumi/engine-environment.ts";
import { ensureEngine } from "../../src/install-pulumi/ensure-engine.ts";
import { killTagged, tagEnvironment } from "../../src/provisioning/process-tags.ts";
import { SLOT_LIMITS, Slots } from "../../src/slots/slots.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox, SandboxOptions } from "../../src/sandbox/index.ts";
import { PROJECT_NAME } from "../../stacks/project-name.ts";

const CHECKOUT = resolve(import.meta.dirname, "..", "..");
const COMMAND_LIMIT_MS = 240_000;
/** Commands that run program and providers; `destroy` runs the providers alone. */
const RUNS = ["up", "preview", "refresh", "destroy"];

export interface CliWorldOptions extends SandboxOptions {
  /**
   * The engine meets program and providers in a slot, as the service's does, in place of starting
   * them: a third of the time. For what is not about the processes of a plain `pulumi up`.
   */
  readonly warm?: boolean;
}

export interface Finished {
  readonly code: number | null;
  /** Standard output and standard error, in the order in which they came. */
  readonly text: string;
}

/** A sandbox, a state backend of its own and the real Pulumi CLI: what a platform engineer has in front of them. */
export class CliWorld {
  readonly sandbox: Sandbox;
  readonly env: NodeJS.ProcessEnv;
  readonly #folder: string;
  readonly #stacks = new Set<string>();
  /** Every process of its engines carries it. */
  readonly #tag = randomUUID();
  readonly #slots: Slots | undefined;

  private constructor(sandbox: Sandbox, env: NodeJS.ProcessEnv, folder: string, standIns: boolean | undefined) {
    this.sandbox = sandbox;
    this.env = env;
    this.#folder = folder;
    if (standIns !== undefined) this.#slots = new Slots({ env, standIns, programEnv: env, tag: () => tagEnvironment({ worker: this.#tag }), limits: SLOT_LIMITS });
  }

  static async open({ warm = false, ...options }: CliWorldOptions = {}): Promise<CliWorld> {
    const engine = await ensureEngine({ onProgress: (line) => process.stderr.write(`${line}\n`) });
    const folder = await mkdtemp(join(tmpdir(), "user-vps-e2e-"));
    const sandbox = await startSandbox({ dataDir: folder, ...options });
    const own = sandboxEnvironment(sandbox, engine, pathToFileURL(folder).href);
    return new CliWorld(sandbox, { ...engineEnvironment(engine), ...own }, folder, warm ? engine.standIns : undefined);
  }

  /** A new stack for the user; its name is the user's. By the CLI, as a person makes it. */
  async initStack(username: string, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#stacks.add(username);
    await this.ok("stack", "init", username, "--no-select");
    await this.set(username, { username, ...settings });
  }

  /** The same without two calls of the CLI: an empty stack as the service makes it (src/provisioning/state-backend.ts), and its settings. */
  async newStack(username: string, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#stacks.add(username);
    await mkdir(dirname(this.#stateFile(username)), { recursive: true });
    await writeFile(join(this.#folder, ".pulumi", "meta.yaml"), "version: 1\n");
    await writeFile(this.#stateFile(username), JSON.stringify({ version: 3, checkpoint: { stack: `organization/${PROJECT_NAME}/${username}` } }));
    const lines = Object.entries({ username, ...settings }).map(([key, value]) => `  ${PROJECT_NAME}:${key}: ${JSON.stringify(value)}`);
    await writeFile(join(CHECKOUT, `Pulumi.${username}.yaml`), ["config:", ...lines, ""].join("\n"));
  }

  #stateFile(username: string): string {
    return join(this.#folder, ".pulumi", "stacks", PROJECT_NAME, `${username}.json`);
  }

  /** Sets all of them by one call. */
  async set(username: string, settings: Readonly<Record<string, string>>): Promise<void> {
    await this.ok("config", "set-all", "--stack", username, ...Object.entries(settings).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]));
  }

  /** Runs `pulumi` in the checkout and waits for its end. */
  pulumi(...args: string[]): Promise<Finished> {
    return this.#run(args, {});
  }

  async #run(args: readonly string[], more: Readonly<Record<string, string>>): Promise<Finished> {
    if (!this.#slots || !RUNS.includes(args[0]!)) return this.#start(args, more).finished;
    const slot = await this.#slots.take(more);
    let failed = true;
    try {
      const finished = await this.#start([...args, `--client=${slot.program}`], { ...more, PULUMI_DEBUG_PROVIDERS: slot.providers }).finished;
      failed = finished.code === null;
      return finished;
    } finally {
      await slot.release({ failed });
    }
  }

  /** Like `pulumi`; throws with the output if it fails. */
  async ok(...args: string[]): Promise<string> {
    const { code, text } = await this.pulumi(...args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${text}`);
    return text;
  }

  start(...args: string[]): { child: ChildProcess; finished: Promise<Finished> } {
    return this.#start(args, {});
  }

  #start(args: readonly string[], more: Readonly<Record<string, string>>): { child: ChildProcess; finished: Promise<Finished> } {
    const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], { cwd: CHECKOUT, env: { ...this.env, ...tagEnvironment({ worker: this.#tag }), ...more }, stdio: ["ignore", "pipe", "pipe"], timeout: COMMAND_LIMIT_MS });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const finished = new Promise<Finished>((done, failed) => {
      child.on("error", failed);
      // `exit` and not `close`: an orphaned provider keeps the pipe open.
      child.on("exit", (code) => setImmediate(() => done({ code, text })));
    });
    return { child, finished };
  }

  /** With more in the environment, if that is given. */
  up(username: string, more: Readonly<Record<string, string>> = {}): Promise<Finished> {
    return this.#run(["up", "--yes", "--skip-preview", "--stack", username], more);
  }

  /** Sets all of them by the same call, and keeps them. */
  upWith(username: string, settings: Readonly<Record<string, string>>): Promise<Finished> {
    const flags = Object.entries(settings).flatMap(([key, value]) => ["--config", `${PROJECT_NAME}:${key}=${value}`]);
    return this.pulumi("up", "--yes", "--skip-preview", "--stack", username, ...flags);
  }

  /** What the stack has put out, as it is stored: secrets encrypted. */
  async storedOutputs(username: string): Promise<Record<string, unknown>> {
    const { checkpoint } = JSON.parse(await readFile(this.#stateFile(username), "utf8")) as { checkpoint: { latest: { resources: { type: string; outputs?: Record<string, unknown> }[] } } };
    return checkpoint.latest.resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
  }

  /** With secrets in plain text; to derive their key takes half of a CLI's time. */
  async outputs(username: string): Promise<Record<string, unknown>> {
    return JSON.parse(await this.ok("stack", "output", "--json", "--show-secrets", "--stack", username)) as Record<string, unknown>;
  }

  /** `POST /sandbox/…`, for what makes the simulated world go wrong. */
  async control(path: string, body: unknown): Promise<void> {
    const response = await fetch(`${this.sandbox.controlUrl}/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`/sandbox/${path}: ${response.status} ${await response.text()}`);
  }

  purchasesOf(hostname: string): number {
    return this.sandbox.state().purchases.filter((purchase) => purchase.hostname === hostname).length;
  }

  async close(): Promise<void> {
    await this.#slots?.close();
    // An engine that was killed leaves its language host behind, which looks for it every five minutes.
    await killTagged("worker", this.#tag);
    await this.sandbox.close();
    for (const stack of this.#stacks) await rm(join(CHECKOUT, `Pulumi.${stack}.yaml`), { force: true });
    await rm(this.#folder, { recursive: true, force: true });
  }
}

