import * as pulumi from "@pulumi/pulumi";
import type { VirtualMachine } from "../providers/hostinger/virtual-machine.ts";
import { SshHostKey } from "../providers/ssh/ssh-host-key.ts";
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
}

/** The VM's host key is asked for before the first command and has to stay the same from then on. */
export function openWayIn({ config, vm, bootFingerprint, password }: WayInTarget, options: pulumi.CustomResourceOptions): WayIn {
  const { sshPort: port, sshPrivateKey: privateKey, recreation } = config;
  const machine = pulumi.interpolate`${vm.vmId} ${vm.templateId} ${bootFingerprint}${recreation === undefined ? "" : ` ${recreation}`}`;
  const hostKey = config.sshHostKey ?? new SshHostKey("ssh-host-key", { host: vm.ipv4, port, machine }, options).hostKey;
  const connection = pulumi.secret({
    host: vm.ipv4,
    port,
    user: "root",
    ...(privateKey === undefined ? { password } : { privateKey }),
    hostKey,
  });
  return { connection, machine };
}
