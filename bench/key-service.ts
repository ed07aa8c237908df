/**
 * What Vault's transit engine answers to `hashivault://`, on a port of its own: encrypt and decrypt, for whoever has the token.
 * https://developer.hashicorp.com/vault/api-docs/secret/transit
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { messageOf } from "../providers/core/errors.ts";

const FAKE_TOKEN = "fake-vault-token-for-tests";
const PREFIX = "vault:v1:";
const IV_BYTES = 12;
const TAG_BYTES = 16;

export interface KeyService {
  /** For workers and the engine: which key, where, and by which token. */
  readonly env: Readonly<{ SECRETS_PROVIDER: string; VAULT_SERVER_URL: string; VAULT_SERVER_TOKEN: string }>;
  /** Of each request, in order: `encrypt KEY` or `decrypt KEY`. */
  readonly asked: readonly string[];
  /** Sealed, it answers nobody, as Vault does after each of its starts. */
  seal(isSealed: boolean): void;
  close(): Promise<void>;
}

export async function startKeyService(): Promise<KeyService> {
  const key = randomBytes(32);
  const asked: string[] = [];
  let sealed = false;
  const answerTo = async (request: IncomingMessage): Promise<[status: number, body: object]> => {
    if (sealed) return [503, { errors: ["Vault is sealed"] }];
    if (request.headers["x-vault-token"] !== FAKE_TOKEN) return [403, { errors: ["permission denied"] }];
    const [, task, name] = /^\/v1\/transit\/(encrypt|decrypt)\/([^/]+)$/.exec(request.url ?? "") ?? [];
    if (!task) return [404, { errors: [] }];
    asked.push(`${task} ${name}`);
    const { plaintext, ciphertext } = (await json(request)) as { plaintext?: string; ciphertext?: string };
    return [200, { data: task === "encrypt" ? { ciphertext: encrypt(key, plaintext!) } : { plaintext: decrypt(key, ciphertext!) } }];
  };
  const server = createServer((request, response) => {
    void answerTo(request)
      .catch((error: unknown): [number, object] => [400, { errors: [messageOf(error)] }])
      .then(([status, body]) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    env: { SECRETS_PROVIDER: "hashivault://user-vps", VAULT_SERVER_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, VAULT_SERVER_TOKEN: FAKE_TOKEN },
    asked,
    seal(isSealed) {
      sealed = isSealed;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function encrypt(key: Buffer, plaintext: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const encrypted = Buffer.concat([cipher.update(plaintext, "base64"), cipher.final()]);
  return PREFIX + Buffer.concat([iv, encrypted, cipher.getAuthTag()]).toString("base64");
}

function decrypt(key: Buffer, ciphertext: string): string {
  const bytes = Buffer.from(ciphertext.slice(PREFIX.length), "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES)).setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString("base64");
}
