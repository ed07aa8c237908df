/** A sandbox in a process of its own, with a fleet if one is wanted, so that what is measured takes what it takes itself. */
import { messageOf } from "../providers/core/errors.ts";
import { startSandbox } from "../src/sandbox/index.ts";

export interface FleetRequest {
  readonly dataDir: string;
  readonly users: number;
  readonly bootMs?: number;
}

export interface FleetMember {
  readonly hostname: string;
  readonly vmId: number;
  readonly address: string;
}

/** VMs that one address serves. */
const VMS_AN_ADDRESS = 1_000;

process.once("message", (request: FleetRequest) => {
  start(request).then((started) => process.send?.(started), (error: unknown) => process.send?.({ error: messageOf(error) }));
});
process.on("disconnect", () => process.exit(0));

async function start({ dataDir, users, bootMs = 0 }: FleetRequest) {
  const sandbox = await startSandbox({ dataDir, bootMs, scriptMs: 0 });
  const members = users > 0 ? await makeFleet(sandbox.controlUrl, users) : [];
  const { env, hostingerUrl, hostingerToken, cloudflareUrl, cloudflareToken, zoneId, resolver, caFile, httpsPort, domain } = sandbox;
  return { members, sandbox: { env, hostingerUrl, hostingerToken, cloudflareUrl, cloudflareToken, zoneId, resolver, caFile, httpsPort, domain } };
}

async function makeFleet(controlUrl: string, count: number): Promise<FleetMember[]> {
  const answer = await fetch(`${controlUrl}/bulk`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ count, sharedListeners: Math.ceil(count / VMS_AN_ADDRESS) }) });
  if (!answer.ok) throw new Error(`the sandbox's fleet: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { users: FleetMember[] }).users;
}
