/** A sandbox with a fleet in a process of its own, so that what the sweep takes is the sweep's. */
import { messageOf } from "../providers/core/errors.ts";
import { startSandbox } from "../src/sandbox/index.ts";

export interface FleetRequest {
  readonly dataDir: string;
  readonly users: number;
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

async function start({ dataDir, users }: FleetRequest) {
  const sandbox = await startSandbox({ dataDir, bootMs: 0, scriptMs: 0 });
  const answer = await fetch(`${sandbox.controlUrl}/bulk`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ count: users, sharedListeners: Math.ceil(users / VMS_AN_ADDRESS) }) });
  if (!answer.ok) throw new Error(`the sandbox's fleet: ${answer.status} ${await answer.text()}`);
  const { users: members } = await answer.json() as { users: FleetMember[] };
  const { hostingerUrl, hostingerToken, cloudflareUrl, cloudflareToken, zoneId, resolver, caFile, httpsPort, domain } = sandbox;
  return { members, sandbox: { hostingerUrl, hostingerToken, cloudflareUrl, cloudflareToken, zoneId, resolver, caFile, httpsPort, domain } };
}
