import type { Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import type { HealthTarget } from "./target.ts";

/** What the usual failures of a handshake mean; OpenSSL's own texts help nobody. */
const MEANINGS: Readonly<Record<string, string>> = {
  ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR: "certificate not yet issued",
  ERR_SSL_SSL_TLSV1_ALERT_INTERNAL_ERROR: "certificate not yet issued",
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: "the server does not know this name",
  ERR_SSL_TLSV1_ALERT_UNRECOGNIZED_NAME: "the server does not know this name",
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for another name",
  CERT_HAS_EXPIRED: "the certificate has expired",
  CERT_NOT_YET_VALID: "the certificate is not yet valid; check the clocks",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate is by an authority that is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the certificate is by an authority that is not trusted here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the certificate is by an authority that is not trusted here",
  ERR_SSL_WRONG_VERSION_NUMBER: "the port does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the port does not speak TLS",
  ECONNRESET: "the server closed the connection",
};

/** A handshake for the host name over an open connection, verified unless the name is known to nobody. */
export function handshakeTls(target: HealthTarget, connection: Socket, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      socket: connection,
      servername: target.hostname,
      ALPNProtocols: ["http/1.1"],
      ...(target.byAddress ? { rejectUnauthorized: false } : target.trust && { secureContext: target.trust }),
    });
    const onAbort = () => socket.destroy(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", onAbort));
    socket.once("secureConnect", () => resolve(socket));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message;
      const meaning = MEANINGS[code];
      reject(new Error(meaning ? `${meaning} (${code})` : `the handshake failed (${code})`));
    });
  });
}
