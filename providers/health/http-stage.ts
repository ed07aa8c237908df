import { createRequire } from "node:module";
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
    outgoing.on("response", (answer) => {
      const status = answer.statusCode ?? 0;
      const judge = () => (status === target.expectedStatus ? resolve(status) : fail(`status ${status}`));
      let receivedBytes = 0;
      answer.on("data", (chunk: Buffer) => {
        receivedBytes += chunk.length;
        if (receivedBytes > BODY_LIMIT_BYTES) fail(`an answer of more than ${BODY_LIMIT_BYTES / 1024} KB`);
      });
      answer.on("end", judge);
      answer.on("error", (error: NodeJS.ErrnoException) => fail(`an answer that breaks off (${error.code ?? error.message})`));
    });
    outgoing.end();
  });
}
