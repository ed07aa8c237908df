import type { Vm } from "../model.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { World } from "../world.ts";
import { configure } from "./configure.ts";
import { configureOrder } from "./configure-script.ts";
import type { CommandResult, Releases } from "./release.ts";
import { handoverOrder, handOver } from "./handover.ts";
import { releaseOrder } from "./release-script.ts";
import { servingOf } from "./serving.ts";

/** Whether a command reads a script from its standard input. */
export function readsScript(command: string): boolean {
  return /^(?:\/bin\/)?bash -s$/.test(command.trim());
}

/** What the VM would answer. Nothing is ever run on the machine that the sandbox is on. */
export async function answerCommand(world: World, vm: Vm, releases: Releases, lifecycle: Pick<Lifecycle, "runScriptAgain">, command: string, stdin: string): Promise<CommandResult> {
  if (readsScript(command)) {
    const order = releaseOrder(stdin);
    if (order !== undefined) return await releases.perform(vm, order);
    const handover = handoverOrder(stdin);
    if (handover !== undefined) return await handOver(world, vm, handover);
    const change = configureOrder(stdin);
    if (change !== undefined) return await configure(world, vm, change);
    return failed(127, "the sandbox's VMs understand no script but a release, a hand-over and a change of credentials and host name");
  }
  const [program = "", ...words] = command.trim().split(/\s+/);
  const [first = ""] = words;
  if (program === "hostname") return said(vm.hostname);
  if (program === "cat" && first === "/post_install.log") return vm.disk === null ? failed(1, "cat: /post_install.log: No such file or directory") : said(vm.disk.log.trimEnd());
  if (program === "if" && command.includes("! -e /post_install")) return said(stateOfScript(vm));
  if (program === "setsid" && words.join(" ").startsWith("-f bash /post_install")) {
    lifecycle.runScriptAgain(vm);
    return said("");
  }
  if (program === "journalctl") return said("");
  if (program === "systemctl" && first === "is-active") return activity(vm, words[1] ?? "");
  if (program === "sha256sum" && first === "/usr/local/bin/conductor") {
    const sha256 = vm.disk?.programs?.conductor?.sha256;
    return sha256 === undefined ? failed(1, `sha256sum: ${first}: the sandbox knows it only after a release`) : said(`${sha256}  ${first}`);
  }
  return failed(127, `bash: ${program}: command not found (the sandbox's VMs know hostname, cat /post_install.log, bash /post_install, systemctl is-active, sha256sum /usr/local/bin/conductor, scp, sftp and releases)`);
}

/** In the words of providers/first-boot. */
function stateOfScript({ disk }: Vm): string {
  if (disk?.again === undefined) return "over";
  if (disk.again.isRunning) return "running";
  return disk.again.isCutOff ? "cut off" : "stopped";
}

function activity(vm: Vm, unit: string): CommandResult {
  const serving = servingOf(vm);
  const active = unit === "conductor" ? serving?.healthStatus === 200 : unit === "caddy" && serving !== null;
  return { ...said(active ? "active" : "inactive"), status: active ? 0 : 3 };
}

function said(text: string): CommandResult {
  return { status: 0, stdout: `${text}\n`, stderr: "" };
}

function failed(status: number, text: string): CommandResult {
  return { status, stdout: "", stderr: `${text}\n` };
}
