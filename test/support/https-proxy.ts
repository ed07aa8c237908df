/** HTTPS on loopback with a certificate that signs itself: of pages, or in front of a service. */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import * as x509 from "@peculiar/x509";
import { DAY_MS } from "../../providers/core/time.ts";
import { atEnd } from "./at-end.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

async function selfSigned(): Promise<{ key: string; cert: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01", name: "CN=loopback", notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS), signingAlgorithm: ALGORITHM, keys,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }, { type: "ip", value: "127.0.0.1" }])],
  });
  return { key: x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY"), cert: certificate.toString("pem") };
}

/** @returns the port; the server goes when the file ends */
export async function serveHttps(listener: http.RequestListener): Promise<number> {
  const server = https.createServer(await selfSigned(), listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  atEnd(() => { server.closeAllConnections(); server.close(); });
  return (server.address() as AddressInfo).port;
}

/** As a proxy that ends TLS does: the service learns of it by X-Forwarded-Proto. */
export function passOn(to: string): http.RequestListener {
  return (request, response) => {
    const onward = http.request(new URL(request.url!, to), { method: request.method!, headers: { ...request.headers, "x-forwarded-proto": "https" } }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  };
}
