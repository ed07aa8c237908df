/** A loopback server that gives prepared answers in turn, and a client for it. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { vi } from "vitest";

import { HostingerClient, type HostingerClientOptions } from "../../../providers/hostinger/api/client.ts";

export const FAKE_TOKEN = "fake-hostinger-token-for-tests";

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
  readonly atMs: number;
}

export type Answer =
  | { readonly status?: number; readonly json?: unknown; readonly text?: string; readonly headers?: Record<string, string>; readonly afterMs?: number }
  /** The connection breaks without an answer, or is left open without one. */
  | "drop"
  | "hang";

export interface ApiServer extends AsyncDisposable {
  readonly baseUrl: string;
  readonly seen: SeenRequest[];
  client(options?: Partial<HostingerClientOptions>): HostingerClient;
}

export type Prepared = Answer | ((request: SeenRequest) => Answer | Promise<Answer>);

/** The last answer is given to all further requests. */
export function startApiServer(...answers: Prepared[]): Promise<ApiServer> {
  return startApiServerAt("http://127.0.0.1:0", ...answers);
}

export async function startApiServerAt(url: string, ...answers: Prepared[]): Promise<ApiServer> {
  const seen: SeenRequest[] = [];
  const clients: HostingerClient[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const one: SeenRequest = {
        method: request.method ?? "",
        url: request.url ?? "",
        headers: request.headers,
        body: text === "" ? undefined : (JSON.parse(text) as unknown),
        atMs: Date.now(),
      };
      seen.push(one);
      const next = answers[Math.min(seen.length, answers.length) - 1] ?? {};
      void Promise.resolve(typeof next === "function" ? next(one) : next).then((answer) => give(response, answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(Number(new URL(url).port), "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    baseUrl,
    seen,
    client(options) {
      const client = new HostingerClient({ baseUrl, apiKey: FAKE_TOKEN, ...options });
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await Promise.all(clients.map((client) => client.close()));
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function give(response: ServerResponse, answer: Answer): void {
  if (answer === "hang") return;
  if (answer === "drop") {
    response.destroy();
    return;
  }
  const { status = 200, text, headers = {}, afterMs = 0 } = answer;
  // The API's own errors are JSON, always.
  const json = answer.json === undefined && status >= 400 ? { correlation_id: "fake" } : answer.json;
  setTimeout(() => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(text ?? (json === undefined ? "" : JSON.stringify(json)));
  }, afterMs);
}

/** Makes backoff short, so that tests are. */
export function withShortBackoff(): void {
  vi.spyOn(Math, "random").mockReturnValue(0.02);
}

/** A base URL where nobody listens. */
export async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

export const vmJson = {
  id: 17923,
  firewall_group_id: null,
  subscription_id: "Azz353Uhl1xC54pR0",
  data_center_id: 9,
  plan: "KVM 1",
  hostname: "alice.spoq.dev",
  state: "running",
  actions_lock: "unlocked",
  cpus: 1,
  memory: 4096,
  disk: 51200,
  bandwidth: 4194304,
  ns1: "1.1.1.1",
  ns2: null,
  ipv4: [{ id: 52347, address: "192.0.2.17", ptr: null }],
  ipv6: null,
  template: { id: 1007, name: "Ubuntu 22.04 LTS", description: "", documentation: null },
  created_at: "2026-01-05T07:25:36.000000Z",
};

export const actionJson = { id: 8123712, name: "ct_start", state: "sent", created_at: "2026-01-05T07:25:36Z", updated_at: "2026-01-05T07:25:37Z" };
