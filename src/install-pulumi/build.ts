/** Builds the engine from the Go module proxy, where no download site is reachable. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inSeconds, MINUTE_MS, SECOND_MS } from "../../providers/core/time.ts";
import { DYNAMIC_PROVIDER_SCRIPT, LANGUAGE_HOST_PROGRAM, LANGUAGE_HOST_SCRIPT } from "./launch-scripts.ts";
import { run } from "./run.ts";
import { ENGINE_VERSION } from "./version.ts";

const BUILD_TIMEOUT_MS = 30 * MINUTE_MS;
const HEARTBEAT_MS = 15 * SECOND_MS;

export interface BuildOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly heartbeatMs?: number;
  /** Of each program. */
  readonly timeoutMs?: number;
}

/** The two programs; each is a Go module of its own in this folder, pinned by its go.sum. */
const PROGRAMS = [
  {
    file: LANGUAGE_HOST_PROGRAM,
    module: "language-host",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    linkerFlags: "-s -w",
  },
  {
    file: "pulumi",
    module: "cli",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    linkerFlags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${ENGINE_VERSION}`,
  },
] as const;

/** Fills `folder` with an engine; returns the reason if it cannot. */
export async function buildEngine(folder: string, options: BuildOptions): Promise<string | undefined> {
  const { env, onProgress, signal, heartbeatMs = HEARTBEAT_MS, timeoutMs = BUILD_TIMEOUT_MS } = options;
  const go = await run("go", ["version"], { env, timeoutMs: 10 * SECOND_MS, signal });
  if (!go.ok) return `'go version' failed: ${go.reason}`;

  onProgress("building the Pulumi engine, about 4 minutes, once");
  const startedAt = Date.now();
  const heartbeat = setInterval(() => onProgress(`building the Pulumi engine: ${inSeconds(Date.now() - startedAt)}`), heartbeatMs);
  try {
    for (const program of PROGRAMS) {
      const built = await run(
        "go",
        ["build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", program.linkerFlags, "-o", join(folder, program.file), program.package],
        {
          cwd: join(import.meta.dirname, program.module),
          // A caller's build flags or Go workspace must not change what go.sum pins; Go's own images keep it from fetching the newer Go that go.mod asks for.
          env: { ...env, GOFLAGS: "", GOWORK: "off", CGO_ENABLED: "0", GOTOOLCHAIN: "auto" },
          timeoutMs,
          signal,
        },
      );
      // Go keeps what it has compiled.
      const again = built.isLate ? "; what is built by now is kept, so a second try goes on from there" : "";
      if (!built.ok) return `'go build' of ${program.file} failed: ${built.reason}${again}`;
    }
  } finally {
    clearInterval(heartbeat);
  }
  await writeFile(join(folder, "pulumi-language-nodejs"), LANGUAGE_HOST_SCRIPT, { mode: 0o755 });
  await writeFile(join(folder, "pulumi-resource-pulumi-nodejs"), DYNAMIC_PROVIDER_SCRIPT, { mode: 0o755 });
  onProgress(`built the Pulumi engine in ${inSeconds(Date.now() - startedAt)}`);
  return undefined;
}
