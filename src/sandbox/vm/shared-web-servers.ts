import { once } from "node:events";
import { createServer } from "node:https";
import type { Server } from "node:https";
import type { TLSSocket } from "node:tls";
import { assertLoopback } from "../loopback.ts";
import type { Vm } from "../model.ts";
import type { World } from "../world.ts";
import type { CertificateAuthority } from "./certificate-authority.ts";
import { answerAsCaddy } from "./web-servers.ts";

/**
 * TLS listeners that serve many VMs each, with one certificate for all names of the zone: for fleets of more VMs than
 * a process has descriptors. They are not there any more after a restart.
 */
export class SharedWebServers {
  readonly #world: World;
  readonly #authority: CertificateAuthority;
  readonly #port: number;
  readonly #servers: Server[] = [];
  readonly #vmIds = new Map<string, number>();

  constructor(world: World, authority: CertificateAuthority, port: number) {
    this.#world = world;
    this.#authority = authority;
    this.#port = port;
  }

  async open(address: string): Promise<void> {
    assertLoopback(address);
    const server = createServer({
      SNICallback: (name, answer) => {
        if (!this.#vmIds.has(name.toLowerCase())) return void answer(new Error(`no site ${name}`));
        this.#authority.contextFor(`*.${this.#world.zoneName}`).then((context) => answer(null, context), (error: Error) => answer(error));
      },
    });
    server.on("request", (request, response) => answerAsCaddy(this.#vmOf(request.socket as TLSSocket), request, response));
    server.on("tlsClientError", () => undefined);
    this.#servers.push(server);
    await once(server.listen(this.#port, address), "listening");
  }

  add(vm: { readonly id: number; readonly hostname: string }): void {
    this.#vmIds.set(vm.hostname, vm.id);
  }

  #vmOf({ servername }: TLSSocket): Vm | undefined {
    return this.#world.findVm(this.#vmIds.get(typeof servername === "string" ? servername.toLowerCase() : "") ?? NaN);
  }

  async close(): Promise<void> {
    this.#vmIds.clear();
    await Promise.all(this.#servers.splice(0).map(async (server) => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    }));
  }
}
