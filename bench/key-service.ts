/**
 * What Vault's transit engine answers to `hashivault://`, on a port of its own, for whoever has the token. What it is to
 * encrypt it keeps, and gives a name for it.
 * https://developer.hashicorp.com/vault/api-docs/secret/transit
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { messageOf } from "../providers/core/errors.ts";

const FAKE_TOKEN = "fake-vault-token-for-tests";

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
  const kept = new Map<string, string>();
  const asked: string[] = [];
  let sealed = false;
  const answerTo = async (request: IncomingMessage): Promise<[status: number, body: object]> => {
    if (sealed) return [503, { errors: ["Vault is sealed"] }];
    if (request.headers["x-vault-token"] !== FAKE_TOKEN) return [403, { errors: ["permission denied"] }];
    const [, task, name] = /^\/v1\/transit\/(encrypt|decrypt)\/([^/]+)$/.exec(request.url ?? "") ?? [];
    if (!task) return [404, { errors: [] }];
    asked.push(`${task} ${name}`);
    const body = (await json(request)) as { plaintext?: string; ciphertext?: string };
    if (task === "encrypt") {
      const ciphertext = `vault:v1:${randomUUID()}`;
      kept.set(ciphertext, body.plaintext!);
      return [200, { data: { ciphertext } }];
    }
    const plaintext = kept.get(body.ciphertext ?? "");
    return plaintext === undefined ? [400, { errors: ["cipher: message authentication failed"] }] : [200, { data: { plaintext } }];
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
