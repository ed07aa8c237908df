import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { Server } from "node:https";
import type { SecureContext } from "node:tls";
import { assertLoopback } from "../loopback.ts";
import { resolveAddress } from "../dns/zone.ts";
import type { Vm } from "../model.ts";
import type { World } from "../world.ts";
import type { CertificateAuthority } from "./certificate-authority.ts";
import { servingOf } from "./serving.ts";

/** The TLS listeners of all VMs: each on its VM's own address, all on one port. */
export class WebServers {
  readonly #world: World;
  readonly #authority: CertificateAuthority;
  readonly #port: number;
  readonly #servers = new Map<number, { address: string; server: Server; startedAt: string }>();
  readonly #onVm = (vmId: number) => this.#follow(vmId);

  constructor(world: World, authority: CertificateAuthority, port: number) {
    this.#world = world;
    this.#authority = authority;
    this.#port = port;
    world.on("vm", this.#onVm);
    for (const vm of world.state.vms) this.#follow(vm.id);
  }

  isListening(vmId: number): boolean {
    return this.#servers.get(vmId)?.server.listening ?? false;
  }

  /** Since when somebody could connect; null: nothing listens. */
  listeningSince(vmId: number): string | null {
    return this.isListening(vmId) ? this.#servers.get(vmId)!.startedAt : null;
  }

  async close(): Promise<void> {
    this.#world.off("vm", this.#onVm);
    await Promise.all([...this.#servers.keys()].map((vmId) => this.#stop(vmId)));
  }

  /** Opens or closes a VM's listener as its state says. */
  #follow(vmId: number): void {
    const vm = this.#world.findVm(vmId);
    const address = vm === undefined || vm.withoutListener ? undefined : servingOf(vm)?.address;
    if (this.#servers.get(vmId)?.address === address) return;
    void this.#stop(vmId);
    if (address !== undefined) this.#start(vmId, address);
  }

  #start(vmId: number, address: string): void {
    assertLoopback(address);
    const server = createServer({
      SNICallback: (name, answer) => {
        this.#contextFor(vmId, name).then(
          (context) => answer(null, context),
          (error: Error) => answer(error),
        );
      },
    });
    server.on("request", (request, response) => answerAsCaddy(this.#world.findVm(vmId), request, response));
    // A handshake for a name that is not served ends here; the client sees the failure.
    server.on("tlsClientError", () => undefined);
    server.on("error", (error) => process.emitWarning(`sandbox VM ${vmId} cannot listen: ${error.message}`));
    // To the millisecond, other than the API: the bench measures from here.
    this.#servers.set(vmId, { address, server, startedAt: new Date().toISOString() });
    server.listen(this.#port, address);
  }

  async #stop(vmId: number): Promise<void> {
    const running = this.#servers.get(vmId);
    if (running === undefined) return;
    this.#servers.delete(vmId);
    await new Promise<void>((resolve) => {
      running.server.close(() => resolve());
      running.server.closeAllConnections();
    });
  }

  /** As with Caddy and Let's Encrypt: a certificate for the one site, and only once the zone leads to this VM. */
  async #contextFor(vmId: number, name: string): Promise<SecureContext> {
    const vm = this.#world.findVm(vmId);
    const site = vm === undefined ? undefined : servingOf(vm)?.siteAddress;
    if (vm === undefined || site === undefined || site !== name.toLowerCase()) throw new Error(`no site ${name}`);
    if (!this.#mayHaveCertificate(vm, site)) throw new Error(`no certificate for ${name} yet`);
    return this.#authority.contextFor(site);
  }

  #mayHaveCertificate(vm: Vm, site: string): boolean {
    if (vm.disk === null) return false;
    if (vm.disk.outcome.hasLocalCertificates) return true;
    if (vm.disk.certificateFor === site || !this.#world.state.settings.certificatesNeedDns) return true;
    if (resolveAddress(this.#world, site) !== vm.ipv4?.address) return false;
    vm.disk.certificateFor = site;
    this.#world.changed();
    return true;
  }
}

export function answerAsCaddy(vm: Vm | undefined, request: IncomingMessage, response: ServerResponse): void {
  const serving = vm === undefined ? null : servingOf(vm);
  const healthStatus = serving?.healthStatus ?? 502;
  const status = request.url === "/health" || healthStatus === 502 ? healthStatus : 404;
  response.writeHead(status, { "content-type": "application/json", server: "Caddy" });
  response.end(status === 502 ? "" : JSON.stringify({ status: status === 200 ? "ok" : "error", version: serving?.version }));
}
