/** An SSH server on loopback that notes what it was told to run. */
import type { AddressInfo } from "node:net";
import ssh2 from "ssh2";

export const HOST_KEY = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
export const OTHER_KEY = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
export const PASSWORD = "fake-root-password";

export interface FakeHost extends AsyncDisposable {
  readonly connection: Record<string, string | number>;
  readonly ran: { command: string; env: Record<string, string>; stdin: string }[];
  connections: number;
}

/** Accepts the password or key OTHER_KEY; `exit N` ends with that status, all else echoes. */
export async function fakeSshHost(refuseFirst = 0): Promise<FakeHost> {
  const ran: FakeHost["ran"] = [];
  const host = { ran, connections: 0 } as FakeHost & { connections: number };
  const clients = new Set<ssh2.Connection>();
  const server = new ssh2.Server({ hostKeys: [HOST_KEY.private] }, (client) => {
    clients.add(client);
    // The method is there; @types/ssh2 lacks it. Without it each exchange waits for a delayed ACK.
    (client as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
    client.on("error", () => undefined).on("close", () => void clients.delete(client));
    if ((host.connections += 1) <= refuseFirst) return void client.end();
    client.on("authentication", (attempt) => {
      if (attempt.method === "password" && attempt.password === PASSWORD) return attempt.accept();
      if (attempt.method === "publickey" && attempt.key.data.toString("base64") === OTHER_KEY.public.split(" ")[1]) return attempt.accept();
      return attempt.reject(["password", "publickey"]);
    });
    client.on("session", (accept) => {
      const session = accept();
      const env: Record<string, string> = {};
      session.on("env", (_accept, _reject, { key, val }) => void (env[key] = val));
      session.on("exec", (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        let stdin = "";
        channel.on("data", (text: Buffer) => (stdin += text.toString()));
        channel.on("end", () => {
          ran.push({ command, env, stdin });
          channel.write(`did ${command}\n`);
          channel.stderr.write("noted\n");
          channel.exit(Number(/^exit (\d+)/.exec(command)?.[1] ?? 0));
          channel.end();
        });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(host, {
    connection: { host: "127.0.0.1", port: (server.address() as AddressInfo).port, user: "root", password: PASSWORD },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
