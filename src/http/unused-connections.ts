import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Connections on which nothing has come yet, as browsers and HTTP clients open them in advance.
 * A server that closes waits for them; they wait for nothing. Where a request is on its way, even
 * if no more than its first bytes are there, it is waited for, and answered.
 *
 * @returns ends them
 */
export function unusedConnections(server: Server): () => void {
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  return () => {
    for (const socket of open) {
      if (socket.bytesRead === 0) socket.destroy();
    }
  };
}
