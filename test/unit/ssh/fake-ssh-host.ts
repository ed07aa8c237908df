/** An SSH server on loopback that notes what it was told to run. */
import type { AddressInfo } from "node:net";
import ssh2 from "ssh2";

export const HOST_KEY = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
export const OTHER_KEY = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
export const PASSWORD = "fake-root-password";

/** As in known_hosts without the name. */
export const publicPart = (key: string) => key.split(" ").slice(0, 2).join(" ");

export interface FakeHost extends AsyncDisposable {
  readonly connection: { readonly host: string; readonly port: number; readonly user: string; readonly password: string; readonly hostKey: string };
  readonly ran: { command: string; stdin: string }[];
  connections: number;
}

export interface FakeHostOptions {
  readonly refuseFirst?: number;
  /** How it answers once it has read its input; unless given it writes and ends with status 0. */
  readonly answer?: (channel: ssh2.ServerChannel, stdin: string) => void;
}

/** Accepts the password or key OTHER_KEY. */
export async function fakeSshHost({ refuseFirst = 0, answer = succeed }: FakeHostOptions = {}): Promise<FakeHost> {
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
    client.on("session", (accept) => accept().on("exec", (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      let stdin = "";
      channel.on("error", () => undefined).on("data", (text: Buffer) => (stdin += text.toString()));
      channel.on("end", () => {
        ran.push({ command, stdin });
        answer(channel, stdin);
      });
    }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(host, {
    connection: { host: "127.0.0.1", port: (server.address() as AddressInfo).port, user: "root", password: PASSWORD, hostKey: publicPart(HOST_KEY.public) },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

function succeed(channel: ssh2.ServerChannel): void {
  ended(channel, 0, "did it\n");
}

/** Writes what there is, and ends with the status. */
export function ended(channel: ssh2.ServerChannel, status: number, stdout = "", stderr = ""): void {
  channel.write(stdout);
  channel.stderr.write(stderr);
  channel.exit(status);
  channel.end();
}
