/**
 * What one run after the other needs, in one process that has it all loaded: the stack's program,
 * the dynamic provider, and stand-ins of plugins. Each run gets servers of its own; what is
 * kept of a run (configuration, session, cancellation, the engine's address, environment) ends
 * with it. One process serves one run at a time: the SDK listens for rejected promises of the whole
 * process, so side by side an error in one user's program fails every other user's run (tried: an
 * engine killed with -9 did that). A thread would do, but the SDK cannot log in one.
 */
import "../../stacks/lean-sdk.ts";
import * as pulumi from "@pulumi/pulumi";
import languageService from "@pulumi/pulumi/proto/language_grpc_pb.js";
import { createRequire, flushCompileCache } from "node:module";
import { engineGoneSignal, leaveEngine } from "../../providers/core/engine-liveness.ts";
import { flushTracing, startTracing } from "../../providers/core/tracing.ts";
import { serveDynamicProvider } from "../../providers/dynamic/dynamic-provider.ts";
import { servePluginService } from "../../providers/dynamic/grpc-server.ts";
import type { PluginServer } from "../../providers/dynamic/grpc-server.ts";
import { userVpsProgram } from "../../stacks/program.ts";
import { PROJECT_NAME } from "../../stacks/project-name.ts";
import { cloudflareStandIn } from "../stand-ins/cloudflare-stand-in.ts";
import { formerCommandPlugin } from "../stand-ins/former-command.ts";
import { startServer } from "../stand-ins/plugin-server.ts";
import { attachTo } from "./attach.ts";
import type { FromSlot, ToSlot } from "./messages.ts";

interface LanguageServer {
  onPulumiExit(hasError: boolean): void;
}

// The part of which the Automation API's inline programs are made (automation/stack.js, `up`).
const { LanguageServer } = createRequire(import.meta.url)("@pulumi/pulumi/automation/server.js") as { LanguageServer: new (program: () => Promise<unknown>) => LanguageServer };

interface Run {
  readonly language: LanguageServer;
  readonly servers: readonly PluginServer[];
  outputs?: Readonly<Record<string, unknown>>;
}

const environment = Object.freeze({ ...process.env });
const folder = process.cwd();
const tell = (message: FromSlot) => process.send?.(message);
let run: Run | undefined;
let isCodeKept = false;

process.on("message", (message: ToSlot) => {
  void (message.kind === "begin" ? begin(message) : end(message.failed));
});

// What the stored texts import is there before the first run needs it.
const { exports: entries } = createRequire(import.meta.url)("../../package.json") as { exports: Readonly<Record<string, unknown>> };
const implementations = Object.keys(entries).filter((name) => name.endsWith("-provider"));
// One that cannot be loaded fails where it is used.
void Promise.allSettled(implementations.map((name) => import(`user-vps/${name.slice(2)}`)));

// With the worker gone, nobody needs it.
process.on("disconnect", () => process.exit(0));
// The signals that end a terminal's processes are for the worker to answer.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

async function begin({ standIns, programEnv, providerEnv }: Extract<ToSlot, { kind: "begin" }>): Promise<void> {
  Object.assign(process.env, providerEnv);
  await startTracing(process.env);
  const language = new LanguageServer(async () => {
    const outputs = userVpsProgram(programEnv);
    // Not called while a value is not known, as in a preview.
    pulumi.output(outputs).apply((values) => { if (run?.language === language) run.outputs = values; });
    return outputs;
  });
  const [program, dynamic, command, cloudflare] = await Promise.all([
    servePluginService(languageService.LanguageRuntimeService, language as unknown as Parameters<typeof servePluginService>[1]),
    serveDynamicProvider({ project: PROJECT_NAME, onAttach: attachTo }),
    startServer(formerCommandPlugin(), engineGoneSignal, attachTo),
    standIns ? startServer(cloudflareStandIn(process.env), engineGoneSignal, attachTo) : undefined,
  ]);
  run = { language, servers: [program, dynamic, command, cloudflare].filter((server) => server !== undefined) };
  const ports = { "pulumi-nodejs": dynamic.port, command: command.port, ...(cloudflare && { cloudflare: cloudflare.port }) };
  tell({ kind: "begun", program: `127.0.0.1:${program.port}`, providers: Object.entries(ports).map(([name, port]) => `${name}:${port}`).join(",") });
}

/** Throws, and so ends the process, if the program left something undone. */
async function end(failed: boolean): Promise<void> {
  const outputs = run?.outputs;
  run?.language.onPulumiExit(failed);
  for (const server of run?.servers ?? []) server.stop();
  run = undefined;
  leaveEngine();
  await flushTracing();
  restoreSurroundings();
  // Node would do so at the end of the process, which is killed. By now nearly all that runs need is loaded.
  if (!isCodeKept) flushCompileCache();
  isCodeKept = true;
  tell({ kind: "ended", ...(outputs && { outputs }) });
}

function restoreSurroundings(): void {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
  process.chdir(folder);
}
