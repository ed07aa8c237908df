/** A service with its own PostgreSQL against a sandbox, for the documents that tell what really happens. */
import { spawn } from "node:child_process";
import { delimiter, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { openDemoWorld, type DemoWorld } from "../../src/cli/demo/world.ts";
import { signServiceToken } from "../../src/cli/service-client/operator-token.ts";
import type { TranscriptWorld } from "./transcripts/transcript.ts";
import { OTHER_VARIABLES, PROVIDER_VARIABLES, SERVICE_VARIABLES } from "./variables.ts";

const CHECKOUT = resolve(import.meta.dirname, "..", "..");
const COMMAND_LIMIT_MS = 120_000;

export interface Finished {
  /** Standard output and standard error. */
  readonly text: string;
  readonly exitCode: number | null;
}

export interface DocumentedWorld extends TranscriptWorld {
  readonly url: string;
  /** Texts of this run, and what stands for them in a document. */
  readonly places: Readonly<Record<string, string>>;
  shell(line: string): Promise<Finished>;
  close(): Promise<void>;
}

export async function openDocumentedWorld(say: (line: string) => void): Promise<DocumentedWorld> {
  // Whatever the person who runs this has set would be seen in the documents.
  const keep = new Set(["PATH", "HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "PULUMI_HOME", "PULUMI_DOWNLOAD_URL", "PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES"]);
  for (const { name } of [...SERVICE_VARIABLES, ...PROVIDER_VARIABLES, ...OTHER_VARIABLES]) if (!keep.has(name)) delete process.env[name];
  // Whatever a sweep is to find was made a moment ago.
  const demo = await openDemoWorld(say, { env: { SWEEP_GRACE_SECONDS: "0", SWEEP_CRON: "off" } });
  // Without it, operators' commands would name who runs this, and where.
  const token = await signServiceToken(demo.env, { subject: "ada", role: "owner", lifetimeSeconds: 3_600 });
  const env = { ...demo.env, DATABASE_URL: demo.databaseUrl, USER_VPS_URL: demo.url, USER_VPS_TOKEN: token, URL: demo.url, PATH: [join(CHECKOUT, "bin"), process.env["PATH"]].join(delimiter) };
  return {
    url: demo.url,
    places: { [demo.folder]: "/tmp/user-vps", [CHECKOUT]: "~/user-vps" },
    shell: (line) => run(line, demo.folder, env),
    control: (path, body) => control(demo, path, body),
    vmId: (hostname) => demo.sandbox.state().vms.find((vm) => vm.hostname === hostname)!.id,
    close: () => demo.close(),
  };
}

async function run(line: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Finished> {
  const child = spawn("/bin/sh", ["-c", `exec 2>&1; ${line}`], { cwd, env, stdio: ["ignore", "pipe", "inherit"], timeout: COMMAND_LIMIT_MS });
  const ended = new Promise<number | null>((done, failed) => child.once("error", failed).once("close", done));
  return { text: await text(child.stdout), exitCode: await ended };
}

async function control({ sandbox }: DemoWorld, path: string, body: object): Promise<void> {
  const response = await fetch(`${sandbox.controlUrl}/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`POST /sandbox/${path}: expected 200, got ${response.status} ${await response.text()}`);
}
