import { randomBytes } from "node:crypto";
import ssh2 from "ssh2";
import type { Vm } from "../model.ts";
import type { World } from "../world.ts";
import { firstBootOf } from "./first-boot.ts";
import type { CommandResult } from "./release.ts";
import { readCommands } from "./shell-commands.ts";
import { scriptVariables } from "./script-variables.ts";

/** What a script would do that makes a VM another user's own. */
export interface HandoverOrder {
  order: string;
  renewsMachineId: boolean;
  renewsHostKeys: boolean;
  removesLogs: boolean;
}

/** By then the answer has left by the server that is about to get another key. */
const NEW_KEYS_AFTER_MS = 30;

/** Reads the script (it is never run); undefined if it hands nothing over. */
export function handoverOrder(script: string): HandoverOrder | undefined {
  const order = scriptVariables(script).get("HANDOVER_ORDER");
  if (order === undefined) return undefined;
  const lines = readCommands(script).map(({ words }) => words.join(" "));
  const has = (pattern: RegExp) => lines.some((line) => pattern.test(line));
  return { order, renewsMachineId: has(/\/etc\/machine-id$/), renewsHostKeys: has(/^ssh-keygen -A/), removesLogs: has(/^find \/var\/log .*truncate/) };
}

/** Does to the simulated VM what the script would do to a real one. */
export async function handOver(world: World, vm: Vm, { order, renewsMachineId, renewsHostKeys, removesLogs }: HandoverOrder): Promise<CommandResult> {
  const disk = await firstBootOf(vm);
  if (disk === null) return { status: 1, stdout: "", stderr: "HANDOVER_FAILED: the post-install script has not come to its end.\n" };
  if (disk.handover === order) return { status: 0, stdout: `handover: was done before\n${hostKeyLine(vm.sshHostKey)}`, stderr: "" };
  disk.handover = order;
  if (renewsMachineId) disk.machineId = randomBytes(16).toString("hex");
  if (removesLogs) {
    disk.log = "";
    delete vm.files;
  }
  if (!renewsHostKeys) return { status: 0, stdout: hostKeyLine(vm.sshHostKey), stderr: "" };
  const hostKey = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 }).private;
  setTimeout(() => {
    vm.sshHostKey = hostKey;
    world.vmChanged(vm);
  }, NEW_KEYS_AFTER_MS).unref();
  return { status: 0, stdout: `handover: nothing is left of the time before\n${hostKeyLine(hostKey)}`, stderr: "" };
}

function hostKeyLine(privateKey: string | undefined): string {
  const key = privateKey === undefined ? undefined : ssh2.utils.parseKey(privateKey);
  return key === undefined || key instanceof Error ? "" : `HOST_KEY ${key.type} ${key.getPublicSSH().toString("base64")}\n`;
}
