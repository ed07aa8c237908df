/** A way to PostgreSQL that can be cut off and opened again: by it, the server is away and has lost nothing. */
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

export interface CutOff {
  /** The database's, through here. */
  readonly url: string;
  cut(): Promise<void>;
  open(): Promise<void>;
}

export async function openCutOff(databaseUrl: string): Promise<CutOff> {
  const to = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(to.port), to.hostname);
    for (const [one, other] of [[near, far], [far, near]] as const) {
      sockets.add(one);
      one.on("error", () => undefined).on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  const listen = async (port: number) => await new Promise<void>((resolve) => { server.listen(port, "127.0.0.1", resolve); });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    async cut() {
      const closed = new Promise((resolve) => { server.close(resolve); });
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    open: () => listen(port),
  };
}
