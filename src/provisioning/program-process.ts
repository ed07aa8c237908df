/**
 * A process that runs the stack's program for one engine after the other. The SDK listens for
 * rejected promises of the whole process: side by side in one process, an error in one user's
 * program fails every other user's run (tried: an engine killed with -9 did that). A thread of its
 * own would do, but the SDK cannot serialise functions in one ("Trace events are unavailable").
 */
import { createRequire } from "node:module";
import { userVpsProgram } from "../../stacks/program.ts";

export type ToProgram = { readonly kind: "serve" } | { readonly kind: "end"; readonly failed: boolean };
export type FromProgram = { readonly kind: "serving"; readonly address: string } | { readonly kind: "ended" };

interface GrpcServer {
  addService(service: unknown, implementation: unknown): void;
  bindAsync(address: string, credentials: unknown, callback: (error: Error | null, port: number) => void): void;
  forceShutdown(): void;
}

interface LanguageServer {
  onPulumiExit(hasError: boolean): void;
}

// The parts of which the Automation API's inline programs are made (automation/stack.js, `up`).
const require = createRequire(import.meta.url);
const requireOfSdk = createRequire(require.resolve("@pulumi/pulumi/package.json"));
const grpc = requireOfSdk("@grpc/grpc-js") as { Server: new (options: object) => GrpcServer; ServerCredentials: { createInsecure(): unknown } };
const { LanguageServer } = require("@pulumi/pulumi/automation/server.js") as { LanguageServer: new (program: () => Promise<unknown>) => LanguageServer };
const { LanguageRuntimeService } = require("@pulumi/pulumi/proto/language_grpc_pb.js") as { LanguageRuntimeService: unknown };
const { grpcChannelOptions } = require("@pulumi/pulumi/runtime/rpc.js") as { grpcChannelOptions: object };

const tell = (message: FromProgram) => process.send?.(message);
let current: { server: GrpcServer; language: LanguageServer } | undefined;

process.on("message", (message: ToProgram) => {
  if (message.kind === "serve") serve();
  else end(message.failed);
});

// With the worker gone, nobody needs the program.
process.on("disconnect", () => process.exit(0));
// The signals that end a terminal's processes are for the worker to answer.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

function serve(): void {
  const server = new grpc.Server(grpcChannelOptions);
  const language = new LanguageServer(async () => userVpsProgram());
  current = { server, language };
  server.addService(LanguageRuntimeService, language);
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, boundPort) => {
    if (error) throw error;
    tell({ kind: "serving", address: `127.0.0.1:${boundPort}` });
  });
}

function end(failed: boolean): void {
  current?.language.onPulumiExit(failed);
  current?.server.forceShutdown();
  current = undefined;
  tell({ kind: "ended" });
}
