import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Engine } from "../install-pulumi/ensure-engine.ts";
import type { Sandbox } from "../sandbox/index.ts";

/** What the simulated VMs' scripts would download; no such server exists or is needed. */
const DOWNLOADS = { CONDUCTOR_URL: "https://downloads.example.com/conductor", CLI_URL: "https://downloads.example.com/spoq" };

/**
 * The environment in which the stacks' program, the providers and the CLI work against a sandbox:
 * base URLs, obviously fake tokens, CA, resolver, state backend and passphrase, no secret of anybody.
 */
export function sandboxEnvironment(sandbox: Pick<Sandbox, "env">, engine: Pick<Engine, "env">, stateBackendUrl?: string): Record<string, string> {
  return {
    ...sandbox.env,
    ...DOWNLOADS,
    ...engine.env,
    // Nothing is far away in the sandbox: what was lost can be told soon.
    HOSTINGER_PURCHASE_TIMEOUT_SECONDS: "10",
    HOSTINGER_PURCHASE_INTENT_SECONDS: "5",
    HOSTINGER_PURCHASE_SETTLE_SECONDS: "10",
    HEALTH_TIMEOUT_SECONDS: "60",
    SWEEP_GRACE_SECONDS: "5",
    ...(stateBackendUrl !== undefined && { PULUMI_BACKEND_URL: stateBackendUrl }),
    PULUMI_CONFIG_PASSPHRASE: "fake-passphrase-for-the-sandbox",
  };
}

/** Lines for `. FILE` in a POSIX shell; the engine's folder goes before what the shell has on its PATH. */
export function asExportLines(environment: Readonly<Record<string, string>>, binDir: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return [...lines, `export PATH=${quoted(binDir)}":$PATH"`, ""].join("\n");
}

/** For the owner alone; written at once, so that whoever sees the file can use it. */
export async function writeEnvironmentFile(path: string, exports: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, exports, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
