/** One sweep, as a worker does it, in a process of its own: seconds, calls, and the most memory that it held. */
import { zoneRecords } from "../providers/cloudflare/api.ts";
import { messageOf } from "../providers/core/errors.ts";
import { readTrust } from "../providers/health/target.ts";
import { HostingerClient } from "../providers/hostinger/api/client.ts";
import { createPool } from "../src/db/index.ts";
import { PROBE_TIMEOUT_MS } from "../src/drift/probe-fleet.ts";
import { PREVIEW_LIMITS, sweep } from "../src/drift/sweep.ts";
import { StateBackend } from "../src/provisioning/state-backend.ts";
import { PROJECT_NAME } from "../stacks/project-name.ts";
import type { Sandbox } from "../src/sandbox/index.ts";

export interface SweepRequest {
  readonly databaseUrl: string;
  readonly sandbox: Pick<Sandbox, "hostingerUrl" | "hostingerToken" | "cloudflareUrl" | "cloudflareToken" | "zoneId" | "resolver" | "caFile" | "httpsPort" | "domain">;
}

export interface Swept {
  readonly users: number;
  readonly findings: number;
  readonly apiCalls: number;
  readonly seconds: number;
  readonly peakMemoryMb: number;
}

process.once("message", (request: SweepRequest) => {
  perform(request).then((swept) => process.send?.(swept), (error: unknown) => process.send?.({ error: messageOf(error) }));
});
process.on("disconnect", () => process.exit(0));

async function perform({ databaseUrl, sandbox }: SweepRequest): Promise<Swept> {
  const pool = createPool({ url: databaseUrl, name: "user-vps bench", max: 4 });
  const hostinger = new HostingerClient({ baseUrl: sandbox.hostingerUrl, apiKey: sandbox.hostingerToken });
  const zone = zoneRecords({ baseUrl: sandbox.cloudflareUrl, apiToken: sandbox.cloudflareToken, zoneId: sandbox.zoneId });
  const stacks = new StateBackend(databaseUrl, PROJECT_NAME);
  try {
    const target = { port: sandbox.httpsPort, path: "/health", expectedStatus: 200, resolver: sandbox.resolver, trust: await readTrust(sandbox.caFile) };
    const { examined, findings, apiCalls, seconds } = await sweep({ pool, hostinger, zone, stacks, domain: sandbox.domain, probe: { target, timeoutMs: PROBE_TIMEOUT_MS }, graceSeconds: 60, previews: PREVIEW_LIMITS });
    return { users: examined, findings: findings.length, apiCalls, seconds, peakMemoryMb: process.resourceUsage().maxRSS / 1_024 };
  } finally {
    await Promise.all([hostinger.close(), zone.close(), stacks.close(), pool.end()]);
  }
}
