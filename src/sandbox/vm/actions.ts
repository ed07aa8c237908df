import type { Vm, VmState } from "../model.ts";
import type { World } from "../world.ts";
import { addRootKeys } from "./root-keys.ts";

type Params = Record<string, unknown>;
type Effect = (vm: Vm, params: Params, world: World) => void;

/** The state a VM is in while an action is under way, for the actions that change it. */
export const STATE_DURING: Record<string, VmState> = {
  start: "starting",
  stop: "stopping",
  restart: "stopping",
  recreate: "recreating",
  restore_snapshot: "restoring",
  restore_backup: "restoring",
  start_recovery: "stopping",
  stop_recovery: "stopping_recovery",
};

export function defaultHostname(vm: Vm): string {
  return `srv${vm.id}.hstgr.cloud`;
}

/** "If the virtual machine is already stopped, the request will still be processed without any effect"; so is a start. */
export function isAlready(vm: Vm, name: string): boolean {
  return (name === "start" && vm.state === "running") || (name === "stop" && vm.state === "stopped");
}

/** What is different once an action has succeeded. */
export const ACTION_EFFECTS: Record<string, Effect> = {
  start: (vm) => (isAlready(vm, "start") ? undefined : bootAgain(vm)),
  restart: bootAgain,
  restore_snapshot: bootAgain,
  restore_backup: bootAgain,
  stop_recovery: bootAgain,
  stop: (vm) => void (vm.state = "stopped"),
  start_recovery: (vm) => void (vm.state = "recovery"),
  recreate: (vm, params, world) => {
    vm.state = "running";
    vm.ipv4 ??= world.newAddress();
    vm.disk = null;
    delete vm.sshHostKey;
    vm.snapshot = null;
    vm.templateId = params["templateId"] as number;
    vm.script = params["script"] as Vm["script"];
    vm.rootPasswordSha256 = (params["rootPasswordSha256"] as string | undefined) ?? null;
    vm.publicKeyIds = [];
    vm.rootKeys = [];
    delete vm.docker;
    delete vm.files;
    delete vm.monarxSince;
  },
  set_hostname: (vm, params) => void (vm.hostname = params["hostname"] as string),
  reset_hostname: (vm) => void (vm.hostname = defaultHostname(vm)),
  set_root_password: (vm, params) => void (vm.rootPasswordSha256 = params["rootPasswordSha256"] as string),
  set_nameservers: (vm, params) => {
    vm.ns1 = params["ns1"] as string;
    vm.ns2 = (params["ns2"] as string | null) ?? vm.ns2;
    vm.ns3 = (params["ns3"] as string | null) ?? null;
  },
  set_ptr: (vm, params) => {
    if (vm.ipv4 !== null) vm.ipv4.ptr = params["domain"] as string;
  },
  reset_ptr: (vm) => {
    if (vm.ipv4 !== null) vm.ipv4.ptr = null;
  },
  attach_public_keys: (vm, params, world) => {
    const ids = params["ids"] as number[];
    vm.publicKeyIds = [...new Set([...vm.publicKeyIds, ...ids])];
    addRootKeys(world, vm, world.state.publicKeys.filter(({ id }) => ids.includes(id)).map(({ key }) => key));
  },
  install_monarx: (vm, _params, world) => void (vm.monarxSince = world.now()),
  uninstall_monarx: (vm) => void delete vm.monarxSince,
  docker_up: (vm, params, world) => {
    const { project: name, content, environment } = params as { project: string; content: string; environment: string | null };
    vm.docker = [...(vm.docker ?? []).filter((one) => one.name !== name), { name, content, environment, running: true, upAt: world.now() }];
  },
  docker_start: (vm, params) => setRunning(vm, params, true),
  docker_restart: (vm, params) => setRunning(vm, params, true),
  docker_update: (vm, params) => setRunning(vm, params, true),
  docker_stop: (vm, params) => setRunning(vm, params, false),
  docker_down: (vm, params) => void (vm.docker = (vm.docker ?? []).filter(({ name }) => name !== params["project"])),
  create_snapshot: (vm, _params, world) => {
    const days = 20;
    const expiresAt = new Date(Date.now() + days * 86_400_000).toISOString();
    vm.snapshot = { id: world.newId(), createdAt: world.now(), expiresAt };
  },
  delete_snapshot: (vm) => void (vm.snapshot = null),
  activate_firewall: (vm, params, world) => {
    vm.firewallId = params["firewallId"] as number;
    // The rules come along; other VMs of this firewall may still have older ones.
    const isAlone = world.state.vms.every((other) => other === vm || other.firewallId !== vm.firewallId);
    const firewall = world.state.firewalls.find((one) => one.id === vm.firewallId);
    if (firewall !== undefined && isAlone) firewall.synced = true;
  },
  deactivate_firewall: (vm) => void (vm.firewallId = null),
  sync_firewall: (_vm, params, world) => {
    const firewall = world.state.firewalls.find((one) => one.id === params["firewallId"]);
    if (firewall !== undefined) firewall.synced = true;
  },
};

function setRunning(vm: Vm, params: Params, running: boolean): void {
  for (const project of vm.docker ?? []) if (project.name === params["project"]) project.running = running;
}

/** From here on only what systemd starts by itself is running. */
function bootAgain(vm: Vm): void {
  vm.state = "running";
  if (vm.disk !== null) vm.disk.firstBoot = false;
}
