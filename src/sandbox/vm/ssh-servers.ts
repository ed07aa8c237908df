import ssh2 from "ssh2";
import type { Connection, Server, ServerChannel } from "ssh2";
import { assertLoopback } from "../loopback.ts";
import type { Vm } from "../model.ts";
import type { World } from "../world.ts";
import type { Artefacts } from "./artefacts.ts";
import { VmFiles } from "./files.ts";
import { Releases } from "./release.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { scpOrder, serveScp } from "./scp.ts";
import { serveSftp } from "./sftp.ts";
import { serveShell } from "./shell.ts";
import { answerCommand, readsScript } from "./ssh-commands.ts";
import { answerLogin } from "./ssh-login.ts";

interface Running {
  address: string;
  hostKey: string;
  server: Server;
  clients: Set<Connection>;
}

/** The SSH servers of all VMs: each on its VM's own address, with its own host key, all on one port. */
export class SshServers {
  readonly #world: World;
  readonly #lifecycle: Lifecycle;
  readonly #port: number;
  readonly #releases: Releases;
  readonly #running = new Map<number, Running>();
  readonly #onVm = (vmId: number) => this.#follow(vmId);

  constructor({ world, lifecycle, artefacts, port }: { world: World; lifecycle: Lifecycle; artefacts: Artefacts; port: number }) {
    this.#world = world;
    this.#lifecycle = lifecycle;
    this.#port = port;
    this.#releases = new Releases(world, artefacts);
    world.on("vm", this.#onVm);
    for (const vm of world.state.vms) this.#follow(vm.id);
  }

  async close(): Promise<void> {
    this.#world.off("vm", this.#onVm);
    await Promise.all([...this.#running.keys()].map((vmId) => this.#stop(vmId)));
  }

  /** Opens or closes a VM's server as its state says. */
  #follow(vmId: number): void {
    const vm = this.#world.findVm(vmId);
    const address = vm?.state === "running" && !vm.withoutListener ? vm.ipv4?.address : undefined;
    const running = this.#running.get(vmId);
    if (running?.address === address && running?.hostKey === vm?.sshHostKey) return;
    void this.#stop(vmId);
    if (vm !== undefined && address !== undefined) this.#start(vm, address);
  }

  #start(vm: Vm, address: string): void {
    assertLoopback(address);
    const hostKey = (vm.sshHostKey ??= ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 }).private);
    const clients = new Set<Connection>();
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      clients.add(client);
      // The method is there; @types/ssh2 lacks it. Without it each exchange waits for a delayed ACK.
      (client as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
      client.on("error", () => undefined).on("close", () => void clients.delete(client));
      client.on("authentication", (attempt) => answerLogin(this.#world, vm, attempt));
      client.on("session", (accept) => {
        const session = accept();
        session.on("pty", (acceptPty) => void acceptPty?.());
        session.on("exec", (acceptExec, _reject, { command }) => this.#exec(vm.id, acceptExec(), command));
        session.on("shell", (acceptShell) => serveShell(acceptShell(), vm.hostname, (command) => answerCommand(this.#world, vm, this.#releases, this.#lifecycle, command, "")));
        session.on("sftp", (acceptSftp) => serveSftp(acceptSftp(), new VmFiles(vm), () => this.#world.changed()));
      });
    });
    server.on("error", (error: Error) => process.emitWarning(`sandbox VM ${vm.id} cannot listen for SSH: ${error.message}`));
    this.#running.set(vm.id, { address, hostKey, server, clients });
    server.listen(this.#port, address);
  }

  #exec(vmId: number, channel: ServerChannel, command: string): void {
    const copy = scpOrder(command);
    const copied = this.#world.findVm(vmId);
    if (copy !== undefined && copied !== undefined) return serveScp(channel, new VmFiles(copied), copy, () => this.#world.changed());
    let stdin = "";
    let begun = false;
    const answer = () => {
      if (begun) return;
      begun = true;
      const vm = this.#world.findVm(vmId);
      if (vm === undefined) return void channel.end();
      void answerCommand(this.#world, vm, this.#releases, this.#lifecycle, command, stdin).then(({ status, stdout, stderr }) => {
        channel.write(stdout);
        channel.stderr.write(stderr);
        channel.exit(status);
        channel.end();
      });
    };
    channel.on("error", () => undefined);
    channel.on("data", (text: Buffer) => (stdin += text.toString()));
    channel.on("end", answer);
    if (!readsScript(command)) answer();
  }

  async #stop(vmId: number): Promise<void> {
    const running = this.#running.get(vmId);
    if (running === undefined) return;
    this.#running.delete(vmId);
    await new Promise<void>((resolve) => {
      running.server.close(() => resolve());
      for (const client of running.clients) client.end();
    });
  }
}
