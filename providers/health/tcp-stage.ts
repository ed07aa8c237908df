import { connect, type Socket } from "node:net";
import type { HealthTarget } from "./target.ts";

/** The port of the expected address accepts a connection; the caller destroys the socket. */
export function connectTcp(target: HealthTarget, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.address, port: target.port, signal });
    socket.once("connect", () => resolve(socket));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      reject(new Error(`${target.address}:${target.port} does not accept a connection (${error.code ?? error.message})`));
    });
  });
}
