import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket as TcpSocket } from "node:net";
import { assertLoopback } from "../loopback.ts";
import type { World } from "../world.ts";
import { answerMessage } from "./message.ts";

/** A free UDP port can be taken for TCP: then another one is tried. */
const PORT_ATTEMPTS = 20;

/** Authoritative name server for the simulated zone, over UDP and TCP on one port. */
export class DnsServer {
  readonly #udp: Socket;
  readonly #tcp: Server;
  readonly #connections = new Set<TcpSocket>();
  readonly port: number;

  private constructor(world: World, udp: Socket, tcp: Server) {
    this.#udp = udp;
    this.#tcp = tcp;
    this.port = udp.address().port;
    udp.on("message", (message, from) => {
      const answer = answerMessage(world, message, "udp");
      if (answer !== undefined) udp.send(answer, from.port, from.address);
    });
    udp.on("error", () => undefined);
    tcp.on("connection", (connection) => {
      this.#connections.add(connection);
      connection.on("close", () => this.#connections.delete(connection));
      let received = Buffer.alloc(0);
      connection.on("error", () => connection.destroy());
      connection.setTimeout(5_000, () => connection.destroy());
      connection.on("data", (chunk) => {
        received = Buffer.concat([received, chunk]);
        while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
          const length = received.readUInt16BE(0);
          const answer = answerMessage(world, received.subarray(2, 2 + length), "tcp");
          received = received.subarray(2 + length);
          if (answer === undefined) return void connection.destroy();
          const prefix = Buffer.alloc(2);
          prefix.writeUInt16BE(answer.length);
          connection.write(Buffer.concat([prefix, answer]));
        }
      });
    });
  }

  /** Port 0 takes any that is free. */
  static async listen(world: World, host: string, port: number): Promise<DnsServer> {
    assertLoopback(host);
    for (let attempt = 1; ; attempt += 1) {
      const tcp = createServer();
      const udp = createSocket("udp4");
      try {
        tcp.listen(port, host);
        await once(tcp, "listening");
        udp.bind((tcp.address() as AddressInfo).port, host);
        await once(udp, "listening");
        return new DnsServer(world, udp, tcp);
      } catch (error) {
        tcp.close();
        udp.close();
        if (port !== 0 || attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await Promise.all([
      new Promise<void>((resolve) => this.#udp.close(() => resolve())),
      new Promise((resolve) => this.#tcp.close(resolve)),
    ]);
  }
}
