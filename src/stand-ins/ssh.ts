/** Runs one command over SSH as the real Command plugin does, on loopback only. */
import { connect as openSocket } from "node:net";
import ssh2, { type Client, type ConnectConfig } from "ssh2";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS, sleep } from "../../providers/core/time.ts";
import { isLoopbackHost } from "../install-pulumi/loopback.ts";

/** `connection` of `command:remote:Command`; see ConnectionArgs in @pulumi/command. */
export interface Connection {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly privateKey?: string;
  readonly privateKeyPassword?: string;
  /** As in known_hosts without the name, `ssh-ed25519 AAAA…`; not given, any key is taken. */
  readonly hostKey?: string;
  /** Attempts to connect; -1 is no limit. */
  readonly dialErrorLimit?: number;
  /** Seconds for one attempt; 0 is no limit. */
  readonly perDialTimeout?: number;
  readonly proxy?: unknown;
}

export interface RemoteRun {
  readonly command: string;
  readonly stdin?: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface RemoteOutput {
  readonly stdout: string;
  readonly stderr: string;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5 * SECOND_MS;
const BACKOFF = 1.5;

/** Fails with SANDBOX_ONLY off loopback, and when the command ends with another status than 0. */
export async function runOverSsh(connection: Connection, work: RemoteRun): Promise<RemoteOutput> {
  if (!isLoopbackHost(connection.host)) {
    throw new UserVpsError("SANDBOX_ONLY", `The sandbox stand-in for the Command plugin connects to loopback only, not to ${connection.host}.`);
  }
  if (connection.proxy !== undefined) {
    throw new UserVpsError("SANDBOX_ONLY", "The sandbox stand-in for the Command plugin knows no connection.proxy.");
  }
  const client = await dial(connection, work.signal);
  const stop = () => client.destroy();
  work.signal.addEventListener("abort", stop);
  try {
    return await execute(client, work);
  } finally {
    work.signal.removeEventListener("abort", stop);
    client.end();
  }
}

async function dial(connection: Connection, signal: AbortSignal): Promise<Client> {
  const limit = connection.dialErrorLimit ?? 10;
  for (let errors = 1; ; errors += 1) {
    signal.throwIfAborted();
    try {
      return await connect(connection);
    } catch (error) {
      if (limit >= 0 && errors > limit) throw new Error(`after ${errors} failed attempts to connect to ${connection.host}: ${messageOf(error)}`);
    }
    await sleep(Math.min(FIRST_DELAY_MS * BACKOFF ** (errors - 1), MAX_DELAY_MS), signal);
  }
}

function connect(connection: Connection): Promise<Client> {
  const { host, port = 22, user = "root", password, privateKey, privateKeyPassword, hostKey, perDialTimeout = 15 } = connection;
  const expected = hostKey?.trim().split(/\s+/)[1];
  const config: ConnectConfig = {
    // SSH sends many small packets; without noDelay each exchange waits for a delayed ACK.
    sock: openSocket({ host, port, noDelay: true }),
    username: user,
    readyTimeout: perDialTimeout * SECOND_MS,
    ...(password !== undefined && { password, tryKeyboard: true }),
    ...(privateKey !== undefined && { privateKey }),
    ...(privateKeyPassword !== undefined && { passphrase: privateKeyPassword }),
    ...(expected !== undefined && { hostVerifier: (key: Buffer) => key.toString("base64") === expected }),
  };
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.on("keyboard-interactive", (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password ?? "")));
    client.on("ready", () => resolve(client));
    client.on("error", reject);
    client.on("close", () => reject(new Error("the connection was closed")));
    client.connect(config);
  });
}

function execute(client: Client, { command, stdin, environment, signal }: RemoteRun): Promise<RemoteOutput> {
  return new Promise((resolve, reject) => {
    const broken = () => reject(signal.aborted ? (signal.reason as Error) : new Error("the SSH connection broke off while the command ran"));
    client.on("error", broken);
    client.on("close", broken);
    client.exec(command, { env: { ...environment } }, (error, channel) => {
      if (error) return reject(error);
      let stdout = "";
      let stderr = "";
      let both = "";
      channel.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
        both += text;
      });
      channel.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
        both += text;
      });
      channel.on("close", (status: number | null, signalName?: string) => {
        if (status === 0) return resolve({ stdout: withoutLastNewline(stdout), stderr: withoutLastNewline(stderr) });
        const how = signalName ? `Process exited with signal ${signalName}` : `Process exited with status ${status}`;
        // The real plugin shows the command as well; secrets belong into stdin or the environment.
        reject(new Error(`${how}: running ${JSON.stringify(command)}:\n${both}`));
      });
      channel.end(stdin ?? "");
    });
  });
}

function withoutLastNewline(text: string): string {
  return text.replace(/\n$/, "");
}
