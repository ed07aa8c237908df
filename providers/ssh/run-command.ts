/** Runs one command on a server over SSH, as root, and hands back what it wrote. */
import { createHash } from "node:crypto";
import { connect as openSocket } from "node:net";
import ssh2 from "ssh2";
import type { Client, ConnectConfig, ServerHostKeyAlgorithm } from "ssh2";
import { endingOf } from "../core/cut-text.ts";
import { messageOf, UserVpsError } from "../core/errors.ts";
import { inSeconds, SECOND_MS } from "../core/time.ts";

export interface SshServer {
  readonly host: string;
  readonly port: number;
  /** As in known_hosts without the name: `ecdsa-sha2-nistp256 AAAA…`. Without it, whoever answers is trusted. */
  readonly hostKey?: string | undefined;
  readonly login: { readonly password: string } | { readonly privateKey: string };
}

export interface RemoteCommand {
  readonly command: string;
  /** What it reads. */
  readonly stdin?: string;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  /** Root was let in, and the command begins. */
  readonly onLoggedIn?: () => void;
  /** Told what it writes to standard output, as it comes. */
  readonly onStdout?: (text: string) => void;
}

export interface RemoteAnswer {
  /** null if a signal ended the command. */
  readonly status: number | null;
  /** The last 1 MiB of it, as of standard error. */
  readonly stdout: string;
  readonly stderr: string;
  /** Of the key that the server has shown, as `ssh-keygen -l` prints it: `SHA256:…`. */
  readonly hostKeyFingerprint: string;
}

const MOST_CHARACTERS = 1_048_576;
/** What writes more than that writes without an end. */
const MOST_WRITTEN = 64 * MOST_CHARACTERS;
const HANDSHAKE_LIMIT_MS = 15 * SECOND_MS;
const COMMAND_LIMIT_MS = 30 * SECOND_MS;
/** A server that froze says nothing, and TCP tells nobody who only reads. The next one after so many unanswered ends the connection. */
const KEEPALIVE_INTERVAL_MS = 10 * SECOND_MS;
const MOST_KEEPALIVES_UNANSWERED = 3;

/** Why a command was cut off: its time was over, it wrote without an end, or the connection broke. */
type CutOffBy = "time" | "output" | "connection";

/** Root was let in, but how the command ended is not known: it may still be going on there. */
export class CommandCutOff extends UserVpsError {
  readonly by: CutOffBy;

  constructor(message: string, by: CutOffBy) {
    super("SSH_UNREACHABLE", message);
    this.by = by;
  }
}

/**
 * A pinned key is verified before anything that is secret is sent.
 * Errors: SSH_UNREACHABLE, SSH_HOST_KEY_WRONG, SSH_LOGIN_REFUSED, CONFIG_INVALID for a private key that cannot be read.
 */
export async function runCommand(server: SshServer, { command, stdin, signal, timeoutMs = COMMAND_LIMIT_MS, onLoggedIn, onStdout }: RemoteCommand, keepaliveIntervalMs = KEEPALIVE_INTERVAL_MS): Promise<RemoteAnswer> {
  signal.throwIfAborted();
  const client = new ssh2.Client();
  // Nobody waits for a failure that comes after the answer.
  client.on("error", () => undefined);
  const stop = () => client.destroy();
  signal.addEventListener("abort", stop);
  try {
    const hostKeyFingerprint = await logIn(client, server, keepaliveIntervalMs);
    onLoggedIn?.();
    return { ...await execute(client, { command, stdin, timeoutMs, onStdout, place: placeOf(server) }), hostKeyFingerprint };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", stop);
    client.destroy();
  }
}

function logIn(client: Client, server: SshServer, keepaliveInterval: number): Promise<string> {
  const { host, port, hostKey, login } = server;
  const expected = hostKey?.trim().split(/\s+/);
  let shown: Buffer | undefined;
  // SSH sends many small packets; without noDelay each exchange waits for a delayed ACK.
  const sock = openSocket({ host, port, noDelay: true });
  const config: ConnectConfig = {
    sock,
    username: "root",
    readyTimeout: HANDSHAKE_LIMIT_MS,
    keepaliveInterval,
    keepaliveCountMax: MOST_KEEPALIVES_UNANSWERED,
    ...("password" in login ? { password: login.password, tryKeyboard: true } : { privateKey: login.privateKey }),
    // A server has several keys and shows the first that both know: so only that kind is asked for.
    ...(expected && { algorithms: { serverHostKey: algorithmsOf(expected[0]!) } }),
    hostVerifier: (key: Buffer) => {
      shown = key;
      return expected === undefined || key.toString("base64") === expected[1];
    },
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error & { level?: string }) => reject(refusalOf(error, server, shown));
    client.on("keyboard-interactive", (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => ("password" in login ? login.password : ""))));
    client.on("ready", () => resolve(fingerprintOf(shown!)));
    client.on("error", fail);
    client.on("close", () => fail(new Error("the connection was closed")));
    try {
      client.connect(config);
    } catch (error) {
      sock.destroy();
      reject(new UserVpsError("CONFIG_INVALID", `The private key for SSH cannot be read: ${messageOf(error)}.`, { next: "Set SSH_PRIVATE_KEY to a key in PEM or OpenSSH format without a passphrase." }));
    }
  });
}

function refusalOf(error: Error & { level?: string }, server: SshServer, shown: Buffer | undefined): UserVpsError {
  const place = placeOf(server);
  const isPinned = server.hostKey !== undefined;
  const isOther = isPinned && (shown !== undefined ? shown.toString("base64") !== server.hostKey.trim().split(/\s+/)[1] : /host key/.test(error.message));
  if (isOther) return new UserVpsError("SSH_HOST_KEY_WRONG", `The SSH server at ${place} has another key than the pinned one${shown ? `: ${fingerprintOf(shown)}` : ""}. No password was sent.`);
  if (error.level === "client-authentication") return new UserVpsError("SSH_LOGIN_REFUSED", `The SSH server at ${place} does not let root in with ${"password" in server.login ? "the stack's password" : "SSH_PRIVATE_KEY"}.`);
  return new UserVpsError("SSH_UNREACHABLE", `The SSH server at ${place} cannot be used: ${error.message || "no connection"}.`, { cause: error });
}

interface Execution {
  readonly command: string;
  readonly stdin: string | undefined;
  readonly timeoutMs: number;
  readonly onStdout: ((text: string) => void) | undefined;
  readonly place: string;
}

function execute(client: Client, { command, stdin, timeoutMs, onStdout = () => undefined, place }: Execution): Promise<Omit<RemoteAnswer, "hostKeyFingerprint">> {
  return new Promise((resolve, reject) => {
    const fail = (what: string, by: CutOffBy = "connection") => {
      clearTimeout(limit);
      reject(new CommandCutOff(`The SSH server at ${place} ${what}.`, by));
    };
    const limit = setTimeout(() => fail(`did not end \`${command}\` within ${inSeconds(timeoutMs)}`, "time"), timeoutMs);
    client.on("error", (error) => fail(`broke off while \`${command}\` ran: ${error.message}`));
    client.on("close", () => fail(`broke off while \`${command}\` ran`));
    client.exec(command, (error, channel) => {
      if (error) return fail(`refused to run \`${command}\`: ${error.message}`);
      const written = { stdout: "", stderr: "" };
      let count = 0;
      const note = (name: keyof typeof written) => (text: string) => {
        count += text.length;
        if (count > MOST_WRITTEN) fail(`writes without an end: \`${command}\` has written more than ${MOST_WRITTEN} characters`, "output");
        const all = written[name] + text;
        // Cut now and then, and not for each of a million lines.
        written[name] = all.length > 2 * MOST_CHARACTERS ? endingOf(all, MOST_CHARACTERS) : all;
      };
      channel.setEncoding("utf8").on("data", note("stdout")).on("data", onStdout);
      channel.stderr.setEncoding("utf8").on("data", note("stderr"));
      channel.on("close", (status: number | null) => {
        clearTimeout(limit);
        resolve({ status, stdout: endingOf(written.stdout, MOST_CHARACTERS), stderr: endingOf(written.stderr, MOST_CHARACTERS) });
      });
      channel.end(stdin);
    });
  });
}

function algorithmsOf(keyType: string): ServerHostKeyAlgorithm[] {
  return (keyType === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [keyType]) as ServerHostKeyAlgorithm[];
}

function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

function placeOf({ host, port }: SshServer): string {
  return `${host} port ${port}`;
}
