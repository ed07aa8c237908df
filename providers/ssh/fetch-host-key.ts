import { connect } from "node:net";
import ssh2 from "ssh2";
import { messageOf, UserVpsError } from "../core/errors.ts";
import { SECOND_MS, inSeconds, monotonicMs, sleep } from "../core/time.ts";

/**
 * A server has several keys, and a client gets the first that both know. The order is that of keys which are pinned
 * already (Go's, golang.org/x/crypto/ssh, `defaultHostKeyAlgos`): another one would show another key of the same server.
 */
const ALGORITHMS = ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-256", "rsa-sha2-512", "ssh-rsa", "ssh-ed25519"] as const;

const ATTEMPT_TIMEOUT_MS = 15 * SECOND_MS;
const TIMEOUT_MS = 120 * SECOND_MS;
const INTERVAL_MS = 1 * SECOND_MS;

/**
 * The server's public key as `type base64`. No login is tried. A server that is just starting is waited for.
 * Errors: SSH_UNREACHABLE at the limit.
 */
export async function fetchHostKey(host: string, port: number, signal: AbortSignal, timeoutMs = TIMEOUT_MS): Promise<string> {
  const endMs = monotonicMs() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await askOnce(host, port);
    } catch (error) {
      if (monotonicMs() + INTERVAL_MS > endMs) {
        throw new UserVpsError("SSH_UNREACHABLE", `The SSH server at ${host} port ${port} told no key within ${inSeconds(timeoutMs)}: ${messageOf(error)}.`, { cause: error });
      }
    }
    await sleep(INTERVAL_MS, signal);
  }
}

function askOnce(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    const sock = connect({ host, port, noDelay: true });
    client.on("error", reject);
    client.on("close", () => reject(new Error("the connection was closed")));
    client.connect({
      sock,
      username: "root",
      readyTimeout: ATTEMPT_TIMEOUT_MS,
      algorithms: { serverHostKey: [...ALGORITHMS] },
      // Refused once it is known: the connection ends here, before any login.
      hostVerifier: (key: Buffer) => {
        resolve(`${typeOf(key)} ${key.toString("base64")}`);
        return false;
      },
    });
  });
}

/** A key begins with its type, with the length before it (RFC 4253, section 6.6). */
function typeOf(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString("ascii");
}
