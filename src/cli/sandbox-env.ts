import { createHash } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { VARIABLES } from "../config/variables.ts";
import { defaultEmbeddedFolder } from "../db/embedded-folder.ts";
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

/**
 * For a shell: what leads out of the sandbox, where it or the file `.env` has it for a service with
 * real VPSs. Empty is as good as not set, and beats the file.
 */
export const CLOSED_OFF: Readonly<Record<string, string>> = Object.fromEntries(
  [
    VARIABLES.databaseUrl.name, VARIABLES.stateBackendUrl.name, VARIABLES.hostingerApiKeyFile.name, VARIABLES.passphraseFile.name, VARIABLES.secretsProvider.name,
    VARIABLES.notificationTargets.name, VARIABLES.notificationTargetsFile.name, "USER_VPS_URL", "USER_VPS_TOKEN",
  ].map((name) => [name, ""]),
);

/**
 * Where a service that is tried in a sandbox keeps its data: the users of a trial who wait would get
 * real VPSs from a live service that found them in its database.
 *
 * @param folder the sandbox's, whose world is not another sandbox's
 */
export function trialDataFolder(folder: string): string {
  const id = createHash("sha256").update(folder).digest("hex").slice(0, 8);
  // Beside the live one, since below the sandbox's the server's user may have no way in.
  return `${defaultEmbeddedFolder()}-sandbox-${id}`;
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
