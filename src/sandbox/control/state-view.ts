import { createHash } from "node:crypto";
import type { CallLog } from "../http/call-log.ts";
import type { Vm } from "../model.ts";
import { rootKeys } from "../vm/root-keys.ts";
import { servingOf } from "../vm/serving.ts";
import type { WebServers } from "../vm/web-servers.ts";
import type { World } from "../world.ts";

/** What is true in the simulated world, whatever the APIs answer. Without contents of scripts and passwords. */
export type StateView = ReturnType<typeof stateView>;
export type VmView = ReturnType<typeof vmView>;

export function stateView(given: { world: World; calls: CallLog; servers: WebServers }) {
  const { world, calls, servers } = given;
  const { state } = world;
  return {
    purchases: state.purchases.map(({ setup: _setup, ...order }) => order),
    vms: state.vms.map((vm) => vmView(world, servers, vm)),
    records: state.records,
    scripts: state.scripts.map(({ id, name, content }) => ({ id, name, contentSha256: sha256(content) })),
    publicKeys: state.publicKeys.map(({ id, name }) => ({ id, name })),
    firewalls: state.firewalls,
    calls: { hostinger: calls.total("hostinger"), cloudflare: calls.total("cloudflare"), counts: calls.counts },
    settings: state.settings,
  };
}

export function vmView(world: World, servers: WebServers, vm: Vm) {
  const serving = servingOf(vm);
  const subscription = world.state.subscriptions.find((one) => one.id === vm.subscriptionId);
  return {
    id: vm.id,
    hostname: vm.hostname,
    state: vm.state,
    locked: vm.locked,
    plan: vm.plan,
    itemId: vm.itemId,
    templateId: vm.templateId,
    dataCenterId: vm.dataCenterId,
    address: vm.ipv4?.address ?? null,
    subscriptionId: vm.subscriptionId,
    autoRenewed: subscription?.autoRenewed ?? false,
    backupsEnabled: vm.backupsEnabled,
    publicKeyIds: vm.publicKeyIds,
    rootKeys: rootKeys(world, vm),
    rootPasswordSha256: vm.rootPasswordSha256,
    script: vm.script === null ? null : { id: vm.script.id, contentSha256: sha256(vm.script.content) },
    /** null until the script has ended. */
    scriptOutcome: vm.disk?.outcome ?? null,
    /** null: nothing listens on the HTTPS port. */
    health: serving === null || !servers.isListening(vm.id) ? null : serving,
    answersSince: servers.listeningSince(vm.id),
    /** Hashes of what the user spoq's password and Conductor's JWT secret are on the VM. */
    credentials: vm.disk?.credentials ?? null,
    /** What releases have brought. */
    programs: vm.disk?.programs ?? {},
    /** What tells it from other machines, and how much is in its log. */
    identity: { machineId: vm.disk?.machineId ?? null, hostKeySha256: vm.sshHostKey === undefined ? null : sha256(vm.sshHostKey), logCharacters: vm.disk?.log.length ?? 0, handedOver: vm.disk?.handover !== undefined },
    hasCertificate: vm.disk !== null && vm.disk.certificateFor !== null,
    actions: vm.actions.map(({ id, name, state }) => ({ id, name, state })),
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
