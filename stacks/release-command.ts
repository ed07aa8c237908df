import { Command } from "@pulumi/command/remote/command.js";
import * as pulumi from "@pulumi/pulumi";
import { SshHostKey } from "../providers/ssh/ssh-host-key.ts";
import type { VirtualMachine } from "../providers/hostinger/virtual-machine.ts";
import type { StackConfig } from "./config.ts";
import { releaseFingerprint, renderReleaseScript, type Release } from "./release.ts";

export interface ReleaseTarget {
  readonly release: Release;
  readonly config: Pick<StackConfig, "sshPort" | "sshPrivateKey" | "sshHostKey">;
  readonly vm: VirtualMachine;
  /** What the VM was set up with at first boot: a wipe takes the release with it. */
  readonly bootFingerprint: string;
  /** Root's; used where there is no private key. */
  readonly password: pulumi.Input<string>;
}

/**
 * Brings the release to the VM over SSH, as root. The script goes by standard input, so that
 * neither a process list nor the message of a failure holds it. It runs again when the release
 * changes, and when the way in does (a rotated password); then it finds everything installed.
 * The VM's host key is asked for before the first release and has to stay the same from then on.
 */
export function createRelease({ release, config, vm, bootFingerprint, password }: ReleaseTarget, options: pulumi.CustomResourceOptions): Command {
  const { sshPort: port, sshPrivateKey: privateKey } = config;
  const machine = pulumi.interpolate`${vm.vmId} ${vm.templateId} ${bootFingerprint}`;
  const hostKey = config.sshHostKey ?? new SshHostKey("ssh-host-key", { host: vm.ipv4, port, machine }, options).hostKey;
  return new Command("release", {
    connection: pulumi.secret({
      host: vm.ipv4,
      port,
      user: "root",
      ...(privateKey === undefined ? { password } : { privateKey }),
      hostKey,
    }),
    create: "/bin/bash -s",
    stdin: renderReleaseScript(release),
    triggers: [machine, releaseFingerprint(release)],
    addPreviousOutputInEnv: false,
  }, options);
}
