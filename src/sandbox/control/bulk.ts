import { addRecord } from "../cloudflare/records.ts";
import { planOf } from "../hostinger/catalog.ts";
import { addMachine } from "../hostinger/place-order.ts";
import type { IpAddress, Vm } from "../model.ts";
import type { ScriptOutcome } from "../vm/script-outcome.ts";
import type { SharedWebServers } from "../vm/shared-web-servers.ts";
import type { World } from "../world.ts";
import { ControlError } from "./drift.ts";
import type { Bulk } from "./input.ts";

const TEMPLATE_ID = 1007;
const RECORD_TTL_SECONDS = 60;

export interface BulkUser {
  hostname: string;
  vmId: number;
  address: string;
  /** null if no records were asked for. */
  recordId: string | null;
}

/** Many users' VMs, subscriptions and records at once, as if each had been provisioned long ago. */
export async function addInBulk(world: World, servers: SharedWebServers, bulk: Bulk): Promise<BulkUser[]> {
  const plan = planOf(bulk.itemId);
  if (plan === undefined) throw new ControlError(400, `no plan "${bulk.itemId}"`);
  const shared = Array.from({ length: bulk.sharedListeners }, () => world.newAddress());
  await Promise.all(shared.map(({ address }) => servers.open(address)));
  return Array.from({ length: bulk.count }, (_, index) => {
    const hostname = `${bulk.prefix}${bulk.from + index}.${world.zoneName}`;
    const setup = {
      templateId: TEMPLATE_ID, dataCenterId: bulk.dataCenterId, hostname, script: null, rootPasswordSha256: null,
      backupsEnabled: true, ns1: "1.1.1.1", ns2: "8.8.8.8", publicKey: undefined,
    };
    const { vm } = addMachine(world, plan, setup);
    const address = makeReady(world, vm, shared[index % shared.length], bulk.listeners);
    if (shared.length > 0) servers.add(vm);
    const fields = {
      name: hostname, type: "A", content: address, proxied: false, ttl: RECORD_TTL_SECONDS, settings: {}, comment: null, tags: [],
    };
    const recordId = bulk.records ? addRecord(world, fields).id : null;
    world.vmChanged(vm);
    return { hostname, vmId: vm.id, address, recordId };
  });
}

function makeReady(world: World, vm: Vm, sharedAddress: IpAddress | undefined, listens: boolean): string {
  const outcome: ScriptOutcome = {
    siteAddress: vm.hostname,
    conductorConfigured: true, caddyConfigured: true,
    conductorStarted: true, caddyStarted: true,
    conductorEnabled: true, caddyEnabled: true,
    reasons: [],
  };
  vm.ipv4 = sharedAddress ?? world.newAddress();
  vm.state = "running";
  vm.disk = { outcome, certificateFor: vm.hostname, firstBoot: true, log: "(made in bulk: no script was run)\n" };
  vm.withoutListener = !listens || sharedAddress !== undefined;
  return vm.ipv4.address;
}
