/** `npm run demo`: one user from nothing to a healthy VPS, with the real engine against the embedded sandbox. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation/index.js";
import { messageOf } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import { userVpsProgram } from "../../stacks/program.ts";
import { engineEnvironment, ensureEngine } from "../engine/ensure-engine.ts";
import { sandboxBanner, startSandbox } from "../sandbox/index.ts";
import { sandboxEnvironment } from "./sandbox-env.ts";

const USERNAME = "alice";
const CHECKOUT = resolve(import.meta.dirname, "..", "..");
const asJson = process.argv.includes("--json");
const startMs = Date.now();

function say(text: string): void {
  console.error(`${`${((Date.now() - startMs) / SECOND_MS).toFixed(1)} s`.padStart(7)}  ${text}`);
}

/** Turns the engine's events into lines, and remembers how long each resource took. */
function follow(seconds: Record<string, number>): (event: EngineEvent) => void {
  const startedMs = new Map<string, number>();
  return ({ resourcePreEvent, resOutputsEvent, diagnosticEvent }) => {
    const name = (urn: string) => urn.split("::").at(-1) ?? urn;
    if (resourcePreEvent && resourcePreEvent.metadata.op !== "same") {
      startedMs.set(resourcePreEvent.metadata.urn, Date.now());
      say(`${resourcePreEvent.metadata.op} ${name(resourcePreEvent.metadata.urn)}`);
    }
    const urn = resOutputsEvent?.metadata.urn;
    if (urn && startedMs.has(urn)) {
      const took = Math.round((Date.now() - startedMs.get(urn)!) / 10) / 100;
      seconds[name(urn)] = took;
      say(`  ${name(urn)}: done after ${took} s`);
    }
    if (diagnosticEvent && diagnosticEvent.severity !== "debug") say(`  ${diagnosticEvent.message.replaceAll(/<\{%\w+%\}>/g, "").trim()}`);
  };
}

function changesIn(summary: Record<string, number> | undefined): number {
  return Object.entries(summary ?? {}).reduce((sum, [operation, count]) => (operation === "same" ? sum : sum + count), 0);
}

async function provision(stack: Stack): Promise<{ seconds: Record<string, number>; tookSeconds: number }> {
  const beganMs = Date.now();
  const seconds: Record<string, number> = {};
  await stack.up({ onEvent: follow(seconds) });
  return { seconds, tookSeconds: Math.round((Date.now() - beganMs) / 100) / 10 };
}

async function demo(): Promise<void> {
  const engine = await ensureEngine({ onProgress: say });
  const folder = await mkdtemp(join(tmpdir(), "user-vps-demo-"));
  const sandbox = await startSandbox({ dataDir: folder });
  try {
    console.error(sandboxBanner(sandbox));
    const environment = sandboxEnvironment(sandbox, engine, pathToFileURL(folder).href);
    Object.assign(process.env, engineEnvironment(engine), environment);
    const stack = await LocalWorkspace.createOrSelectStack(
      { stackName: USERNAME, projectName: "user-vps", program: async () => userVpsProgram() },
      { workDir: CHECKOUT, pulumiHome: join(folder, "home"), envVars: environment },
    );
    await stack.setConfig("username", { value: USERNAME });

    say(`${USERNAME} signs up`);
    const first = await provision(stack);
    const { url, address, vmId } = Object.fromEntries(Object.entries(await stack.outputs()).map(([key, { value }]) => [key, value as unknown]));
    const { purchases, calls } = sandbox.state();
    say(`ready: ${String(url)} at ${String(address)}, VM ${String(vmId)}, ${purchases.length} purchase, ${calls.hostinger} calls to Hostinger`);

    const second = await stack.up();
    const secondChanges = changesIn(second.summary.resourceChanges);
    say(`a second \`up\`: ${secondChanges} changes`);
    const drift = changesIn((await stack.preview({ refresh: true })).changeSummary);
    say(`a preview with refresh: ${drift} changes`);

    if (!asJson) return;
    console.log(JSON.stringify({
      users: [{ username: USERNAME, status: "ready", url, address, vmId, seconds: first.tookSeconds, resources: first.seconds }],
      purchases: purchases.length,
      hostingerCalls: calls.hostinger,
      secondUp: { changes: secondChanges },
      drift: { changes: drift },
      seconds: Math.round((Date.now() - startMs) / 100) / 10,
    }));
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
    await rm(join(CHECKOUT, `Pulumi.${USERNAME}.yaml`), { force: true });
  }
}

try {
  await demo();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
