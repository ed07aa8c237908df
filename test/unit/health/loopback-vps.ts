/** Real servers on loopback for the probes: a DNS server and a TLS server with a certificate of its own authority. */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import dgram from "node:dgram";
import dnsPacket from "dns-packet";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import https from "node:https";
import { isIPv6 } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext, type SecureContextOptions } from "node:tls";

export const HOSTNAME = "alice.spoq.dev";
export const ADDRESS = "127.0.0.1";
const DAY_MS = 86_400_000;
const NO_SUCH_NAME = 3;
const REFUSED = 5;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export interface DnsServer {
  /** As `127.0.0.1:port`. */
  readonly resolver: string;
  /** A and AAAA records by name; a name with an empty list exists without any. */
  readonly records: Map<string, string[]>;
  /** While true, questions are not answered. */
  silent: boolean;
  /** Questions for this type of records are refused. */
  refused: "A" | "AAAA" | undefined;
  queries: number;
  close(): Promise<void>;
}

export async function startDnsServer(records: Record<string, string[]> = { [HOSTNAME]: [ADDRESS] }): Promise<DnsServer> {
  const socket = dgram.createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, ADDRESS, resolve));
  const server: DnsServer = {
    resolver: `${ADDRESS}:${socket.address().port}`,
    records: new Map(Object.entries(records)),
    silent: false,
    refused: undefined,
    queries: 0,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on("message", (message, from) => {
    server.queries++;
    if (server.silent) return;
    const query = dnsPacket.decode(message);
    const { name = "", type: asked } = query.questions?.[0] ?? {};
    const addresses = server.records.get(name.toLowerCase());
    const ofType = (addresses ?? []).filter((data) => asked === (isIPv6(data) ? "AAAA" : "A"));
    const answers = ofType.map((data) => ({ type: asked as "A" | "AAAA", name, ttl: 60, data }));
    const responseCode = asked === server.refused ? REFUSED : addresses ? 0 : NO_SUCH_NAME;
    socket.send(
      dnsPacket.encode({ type: "response", id: query.id ?? 0, flags: dnsPacket.AUTHORITATIVE_ANSWER | responseCode, questions: query.questions ?? [], answers }),
      from.port,
      from.address,
    );
  });
  return server;
}

export interface Authority {
  readonly caPem: string;
  issue(hostname: string, validity?: { notBefore?: Date; notAfter?: Date }): Promise<{ key: string; cert: string }>;
}

export async function createAuthority(): Promise<Authority> {
  const { subtle } = globalThis.crypto;
  const keys = await subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const name = "CN=Test authority of the health checks";
  const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({ name, keys, signingAlgorithm: ALGORITHM, ...validity, extensions: [new x509.BasicConstraintsExtension(true)] });
  return {
    caPem: ca.toString("pem"),
    async issue(hostname, wanted = {}) {
      const own = await subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
      const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${hostname}`,
        issuer: name,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        ...validity,
        ...wanted,
        extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: hostname }])],
      });
      const pkcs8 = await subtle.exportKey("pkcs8", own.privateKey);
      return { key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"), cert: certificate.toString("pem") };
    },
  };
}

export interface LoopbackServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A TLS server; for other names than `hostname` it aborts the handshake, as Caddy does without a certificate. */
export function startTlsServer(certificate: SecureContextOptions, hostname: string, answer: RequestListener): Promise<LoopbackServer> {
  const context = createSecureContext(certificate);
  return listen(https.createServer({
    SNICallback: (name, done) => (name === hostname ? done(null, context) : done(new Error("no certificate"))),
  }, answer));
}

export async function listen(server: Server | https.Server): Promise<LoopbackServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    }),
  };
}

/** The text as a file in a folder of its own. */
export async function temporaryFile(text: string): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "user-vps-health-"));
  const path = join(folder, "file.pem");
  await writeFile(path, text);
  return { path, remove: () => rm(folder, { recursive: true }) };
}
