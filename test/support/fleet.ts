/** A fleet in a sandbox and in a database, as if each VPS had been provisioned long ago; without the engine. */
import type { Pool } from "pg";
import { zoneRecords } from "../../providers/cloudflare/api.ts";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import { readTrust } from "../../providers/health/target.ts";
import { PROBE_TIMEOUT_MS } from "../../src/drift/probe-fleet.ts";
import { PREVIEW_LIMITS } from "../../src/drift/sweep.ts";
import type { SweepOptions } from "../../src/drift/sweep.ts";
import { StateBackend } from "../../src/provisioning/state-backend.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";

export interface FleetMember {
  readonly username: string;
  readonly hostname: string;
  readonly vmId: number;
  readonly address: string;
}

/**
 * `user1` and so on: VM, subscription, DNS record, row and stack of each.
 *
 * @param sharedListeners so many serve them all, with one certificate, in place of one for each
 */
export async function addFleet(sandbox: Sandbox, pool: Pool, count: number, from = 1, sharedListeners = 0): Promise<FleetMember[]> {
  const { users } = await control(sandbox, "bulk", { count, from, listeners: true, sharedListeners }) as { users: { hostname: string; vmId: number; address: string }[] };
  const members = users.map((user) => ({ ...user, username: user.hostname.slice(0, -sandbox.domain.length - 1) }));
  await addRows(pool, members);
  await addStacks(pool, members.map(({ username }) => username));
  return members;
}

export async function addRows(pool: Pool, members: readonly FleetMember[]): Promise<void> {
  await pool.query(
    `INSERT INTO user_vps (user_id, username, hostname, status, plan_id, template_id, data_center_id, address, hostinger_vm_id, requested_at, ready_at, updated_at)
     SELECT 'u-' || username, username, hostname, 'ready', 'hostingercom-vps-kvm1-usd-1m', 1007, 9, address, "vmId", now() - interval '1 hour', now() - interval '1 hour', now() - interval '1 hour'
     FROM jsonb_to_recordset($1) AS member (username text, hostname text, "vmId" bigint, address text)`,
    [JSON.stringify(members)],
  );
}

export async function addStacks(pool: Pool, names: readonly string[]): Promise<void> {
  await pool.query("CREATE TABLE IF NOT EXISTS pulumi_state (key TEXT PRIMARY KEY, data JSON NOT NULL, updated_at TIMESTAMPTZ NOT NULL DEFAULT now())");
  await pool.query("INSERT INTO pulumi_state (key, data) SELECT current_database() || '/.pulumi/stacks/user-vps/' || name || '.json', '{}' FROM unnest($1::text[]) AS name", [names]);
}

export async function removeStack(pool: Pool, name: string): Promise<void> {
  await pool.query("DELETE FROM pulumi_state WHERE key LIKE '%/stacks/user-vps/' || $1 || '.json'", [name]);
}

/** `POST /sandbox/…` */
export async function control(sandbox: Sandbox, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${sandbox.controlUrl}/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`/sandbox/${path}: ${response.status} ${await response.text()}`);
  return await response.json();
}

export async function setAutoRenewal(sandbox: Sandbox, vmId: number, isOn: boolean): Promise<void> {
  const subscriptionId = sandbox.state().vms.find(({ id }) => id === vmId)?.subscriptionId;
  const url = `${sandbox.hostingerUrl}/api/billing/v1/subscriptions/${subscriptionId}/auto-renewal/${isOn ? "enable" : "disable"}`;
  const response = await fetch(url, { method: isOn ? "PATCH" : "DELETE", headers: { authorization: `Bearer ${sandbox.hostingerToken}` } });
  if (!response.ok) throw new Error(`auto-renewal: ${response.status}`);
}

/** A further record of a name, by Cloudflare's API. */
export async function addRecord(sandbox: Sandbox, name: string, content: string): Promise<void> {
  const response = await fetch(`${sandbox.cloudflareUrl}/zones/${sandbox.zoneId}/dns_records`, {
    method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${sandbox.cloudflareToken}` }, body: JSON.stringify({ name, type: "A", content, ttl: 60 }),
  });
  if (!response.ok) throw new Error(`record: ${response.status}`);
}

/** As if Hostinger's list lacked these VMs; what is asked for by its id is answered as it is. */
export function withoutListedVms({ hostinger }: Pick<SweepOptions, "hostinger">, isLost: (vmId: number) => boolean, isKnownById = (_vmId: number) => true): Pick<SweepOptions, "hostinger"> {
  const { virtualMachines, subscriptions, paymentMethods } = hostinger;
  return {
    hostinger: {
      subscriptions, paymentMethods,
      virtualMachines: {
        ...virtualMachines,
        listEntries: async (call) => {
          const { vms, odd } = await virtualMachines.listEntries(call);
          return { vms: vms.filter(({ id }) => !isLost(id)), odd };
        },
        // Of an id that nobody has, Hostinger answers 404.
        get: (id, call) => virtualMachines.get(isKnownById(id) ? id : 999_999, call),
      },
    },
  };
}

export type TestSweep = SweepOptions & { close(): Promise<void> };

export async function sweepOptions(sandbox: Sandbox, pool: Pool, databaseUrl: string): Promise<TestSweep> {
  const hostinger = new HostingerClient({ baseUrl: sandbox.hostingerUrl, apiKey: sandbox.hostingerToken });
  const zone = zoneRecords({ baseUrl: sandbox.cloudflareUrl, apiToken: sandbox.cloudflareToken, zoneId: sandbox.zoneId });
  const stacks = new StateBackend(databaseUrl, "user-vps");
  return {
    pool, hostinger, zone, stacks, domain: sandbox.domain,
    probe: { target: { port: sandbox.httpsPort, path: "/health", expectedStatus: 200, resolver: sandbox.resolver, trust: await readTrust(sandbox.caFile) }, timeoutMs: PROBE_TIMEOUT_MS },
    graceSeconds: 60, previews: PREVIEW_LIMITS,
    close: async () => void (await Promise.all([hostinger.close(), zone.close(), stacks.close()])),
  };
}
