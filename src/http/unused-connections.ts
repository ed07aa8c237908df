import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Connections that have asked for nothing yet, as browsers and HTTP clients open them in advance.
 * A server that closes waits for them; they wait for nothing.
 *
 * @returns ends them
 */
export function unusedConnections(server: Server): () => void {
  const unused = new Set<Socket>();
  server.on("connection", (socket) => {
    unused.add(socket);
    socket.once("close", () => unused.delete(socket));
  });
  server.on("request", ({ socket }: IncomingMessage) => unused.delete(socket));
  return () => {
    for (const socket of unused) socket.destroy();
  };
}
