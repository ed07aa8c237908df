import { createRequire } from "node:module";
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import type { HealthTarget } from "./target.ts";

// To import it would load fetch and WebSocket, which it exports as well: 13 ms in every process.
const { request } = createRequire(import.meta.url)("node:http") as typeof import("node:http");

/** More of an answer than this is not read: a health answer is small. */
const BODY_LIMIT_BYTES = 64 * 1024;
const HTTPS_PORT = 443;

/** `GET path` over the verified connection answers with the expected status; redirects are not followed. */
export function requestHealth(target: HealthTarget, connection: TLSSocket, signal: AbortSignal): Promise<number> {
  const host = target.port === HTTPS_PORT ? target.hostname : `${target.hostname}:${target.port}`;
  return new Promise((resolve, reject) => {
    const fail = (what: string) => reject(new Error(`expected status ${target.expectedStatus} from GET ${target.path}, got: ${what}`));
    const outgoing = request({
      createConnection: () => connection,
      method: "GET",
      path: target.path,
      headers: { host, accept: "*/*", "user-agent": "user-vps-health-check", connection: "close" },
      signal,
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => fail(`no answer (${error.code ?? error.message})`));
    const judge = ({ statusCode: status = 0 }: IncomingMessage) => (status === target.expectedStatus ? resolve(status) : fail(`status ${status}`));
    // Node hands the connection over, and tells neither of an answer nor of an error.
    outgoing.on("upgrade", (answer, socket) => {
      socket.destroy();
      judge(answer);
    });
    const onClose = () => fail("no answer");
    outgoing.on("close", onClose);
    outgoing.on("response", (answer) => {
      outgoing.off("close", onClose);
      let receivedBytes = 0;
      answer.on("data", (chunk: Buffer) => {
        receivedBytes += chunk.length;
        if (receivedBytes > BODY_LIMIT_BYTES) fail(`an answer of more than ${BODY_LIMIT_BYTES / 1024} KB`);
      });
      answer.on("end", () => judge(answer));
      answer.on("error", (error: NodeJS.ErrnoException) => fail(`an answer that breaks off (${error.code ?? error.message})`));
    });
    outgoing.end();
  });
}
