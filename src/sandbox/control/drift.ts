import { addRecord, zoneChanged } from "../cloudflare/records.ts";
import { planOf } from "../hostinger/catalog.ts";
import type { Vm } from "../model.ts";
import type { Lifecycle } from "../vm/lifecycle.ts";
import type { World } from "../world.ts";
import type { RecordDrift, VmDrift } from "./input.ts";

/** Something a control was asked for that cannot be done. */
export class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Changes a VM behind everybody's back, at once and without an action. */
export function driftVm(world: World, lifecycle: Lifecycle, vm: Vm, drift: VmDrift): void {
  switch (drift.kind) {
    case "gone":
      lifecycle.forget(vm);
      world.state.vms = world.state.vms.filter((one) => one !== vm);
      break;
    case "stopped":
    case "error":
    case "initial":
    case "suspended":
      lifecycle.forget(vm);
      vm.state = drift.kind;
      vm.locked = false;
      break;
    case "started":
    case "repaired":
      lifecycle.forget(vm);
      vm.state = "running";
      vm.locked = false;
      vm.ipv4 ??= world.newAddress();
      if (vm.disk === null) lifecycle.runScript(vm);
      break;
    case "locked":
    case "unlocked":
      vm.locked = drift.kind === "locked";
      break;
    case "renamed":
      vm.hostname = drift.hostname;
      break;
    case "listed":
      delete vm.listedFromMs;
      break;
    case "root-keys":
      vm.rootKeys = drift.keys;
      break;
    case "new-ip":
      vm.ipv4 = world.newAddress();
      break;
    case "plan":
      changePlan(vm, drift.itemId);
      break;
    case "template":
      if (!world.state.offers.templates.some(({ id }) => id === drift.templateId)) throw new ControlError(400, `no template ${drift.templateId}`);
      vm.templateId = drift.templateId;
      break;
    case "data-center":
      if (!world.state.offers.dataCenters.some((one) => one.id === drift.dataCenterId)) {
        throw new ControlError(400, `no data center ${drift.dataCenterId}`);
      }
      vm.dataCenterId = drift.dataCenterId;
      break;
    case "unhealthy":
      vm.healthStatus = drift.status;
      break;
    case "healthy":
      vm.healthStatus = null;
      break;
  }
  world.vmChanged(vm);
}

/** Changes every record of that name in the zone (for `doubled`: adds one like the first). */
export function driftRecord(world: World, drift: RecordDrift): void {
  const records = world.state.records.filter((record) => record.name === drift.name);
  const [first] = records;
  if (first === undefined) throw new ControlError(404, `the zone has no record "${drift.name}"`);
  if (drift.kind === "removed") world.state.records = world.state.records.filter((one) => !records.includes(one));
  if (drift.kind === "doubled") {
    const { id: _id, ...copied } = first;
    addRecord(world, { ...copied, content: drift.content });
  }
  for (const record of records) {
    if (drift.kind === "content") record.content = drift.content;
    if (drift.kind === "ttl") record.ttl = drift.ttl;
    if (drift.kind === "proxied") record.proxied = drift.proxied;
    // Cloudflare shows every proxied record with the automatic time to live.
    if (drift.kind === "proxied" && drift.proxied) record.ttl = 1;
  }
  zoneChanged(world);
}

function changePlan(vm: Vm, itemId: string): void {
  const plan = planOf(itemId);
  if (plan === undefined) throw new ControlError(400, `no plan "${itemId}"`);
  vm.itemId = plan.itemId;
  vm.plan = plan.name;
}
