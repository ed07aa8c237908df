import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { VirtualMachine } from "../providers/hostinger/virtual-machine.ts";
import { Handover } from "../providers/ssh/handover.ts";
import { SshHostKey } from "../providers/ssh/ssh-host-key.ts";
import { renderHandoverScript } from "./handover.ts";
import type { StackConfig } from "./stack-settings.ts";

export interface WayInTarget {
  readonly config: Pick<StackConfig, "sshPort" | "sshPrivateKey" | "sshHostKey" | "recreation">;
  readonly vm: VirtualMachine;
  /** What the VM was set up with at first boot. */
  readonly bootFingerprint: string;
  /** Root's; used where there is no private key. */
  readonly password: pulumi.Input<string>;
}

/** How commands get to the VM, as root over SSH. */
export interface WayIn {
  readonly connection: pulumi.Output<{ host: string; port: number; user: string; password?: string; privateKey?: string; hostKey: string }>;
  /** Changes when the VM is another or was wiped, and with it all that commands had brought to it. */
  readonly machine: pulumi.Output<string>;
  /** The pinned one, as in known_hosts without the name. */
  readonly hostKey: pulumi.Input<string>;
}

/** The VM's host key is asked for before the first command and has to stay the same from then on. */
export function openWayIn(target: WayInTarget, options: pulumi.CustomResourceOptions): WayIn {
  const { config, vm } = target;
  const machine = machineOf(target);
  const hostKey = config.sshHostKey ?? new SshHostKey("ssh-host-key", { host: vm.ipv4, port: config.sshPort, machine }, options).hostKey;
  return wayTo(target, machine, hostKey);
}

/** Nothing of a pool is left on the VM before anything else is done on it: its own host keys, too, are new from then on. */
export function openWayInFromPool(target: WayInTarget, owner: { readonly hostname: string; readonly ownerId: string }, options: pulumi.CustomResourceOptions): WayIn {
  const { config, vm } = target;
  const machine = machineOf(target);
  const handover = new Handover("handover", {
    host: vm.ipv4,
    port: config.sshPort,
    machine,
    login: pulumi.secret(loginOf(target)),
    script: machine.apply((order) => renderHandoverScript({ ...owner, order: createHash("sha256").update(`${order} ${owner.ownerId}`).digest("hex") })),
  }, options);
  return wayTo(target, machine, config.sshHostKey ?? handover.hostKey);
}

/** In the form that providers/ssh/same-machine.ts reads. */
function machineOf({ config: { recreation }, vm, bootFingerprint }: WayInTarget): pulumi.Output<string> {
  return pulumi.interpolate`${vm.vmId} ${vm.templateId} ${bootFingerprint}${recreation === undefined ? "" : ` ${recreation}`}`;
}

function loginOf({ config: { sshPrivateKey: privateKey }, password }: WayInTarget) {
  return privateKey === undefined ? { password } : { privateKey };
}

function wayTo(target: WayInTarget, machine: pulumi.Output<string>, hostKey: pulumi.Input<string>): WayIn {
  const connection = pulumi.secret({ host: target.vm.ipv4, port: target.config.sshPort, user: "root", ...loginOf(target), hostKey });
  return { connection, machine, hostKey };
}
