import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket as TcpSocket } from "node:net";
import { AUTHORITATIVE_ANSWER, decode, encode, RECURSION_DESIRED, TRUNCATED_RESPONSE } from "dns-packet";
import type { Packet } from "dns-packet";
import { assertLoopback } from "../loopback.ts";
import type { World } from "../world.ts";
import { lookUp } from "./zone.ts";

const RCODE = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
const MAX_UDP_BYTES = 512;
/** A free UDP port can be taken for TCP: then another one is tried. */
const PORT_ATTEMPTS = 20;

/** Authoritative name server for the simulated zone, over UDP and TCP on one port. */
export class DnsServer {
  readonly #world: World;
  readonly #udp: Socket;
  readonly #tcp: Server;
  readonly #connections = new Set<TcpSocket>();
  readonly port: number;

  private constructor(world: World, udp: Socket, tcp: Server) {
    this.#world = world;
    this.#udp = udp;
    this.#tcp = tcp;
    this.port = udp.address().port;
    udp.on("message", (message, from) => {
      const answer = this.#answer(message, MAX_UDP_BYTES);
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
          const answer = this.#answer(received.subarray(2, 2 + length), 65_535);
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

  #answer(message: Buffer, maxBytes: number): Buffer | undefined {
    if (message.length < 12) return undefined;
    const id = message.readUInt16BE(0);
    const opcode = (message.readUInt8(2) >> 3) & 0xf;
    if (opcode !== 0) return encode({ type: "response", id, flags: RCODE.NOTIMP });
    let query: Packet;
    try {
      query = decode(message);
    } catch {
      return encode({ type: "response", id, flags: RCODE.FORMERR });
    }
    const question = query.questions?.[0];
    if (query.type !== "query" || question === undefined) return undefined;
    const found = lookUp(this.#world, question);
    const authoritative = found.rcode === "REFUSED" ? 0 : AUTHORITATIVE_ANSWER;
    const flags = authoritative | ((query.flags ?? 0) & RECURSION_DESIRED) | RCODE[found.rcode];
    const answer: Packet = { type: "response", id, flags, questions: [question] };
    const whole = encode({ ...answer, answers: found.answers, authorities: found.authorities });
    return whole.length <= maxBytes ? whole : encode({ ...answer, flags: flags | TRUNCATED_RESPONSE });
  }
}
