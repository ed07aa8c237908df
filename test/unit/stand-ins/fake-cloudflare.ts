/** The smallest Cloudflare API on loopback that the stand-in's tests need; it notes every call. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown> | undefined;
}

export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  /** Breaks the connection off instead of answering. */
  readonly drop?: boolean;
  /** In place of the envelope. */
  readonly text?: string;
}

export interface FakeCloudflare extends AsyncDisposable {
  readonly baseUrl: string;
  readonly calls: FakeCall[];
  readonly records: Map<string, Record<string, unknown>>;
  /** Answered, first to last, before anything else is looked at. */
  readonly next: FakeAnswer[];
}

export async function fakeCloudflare(): Promise<FakeCloudflare> {
  const calls: FakeCall[] = [];
  const records = new Map<string, Record<string, unknown>>();
  const next: FakeAnswer[] = [];
  let made = 0;

  const server = createServer((request, response) => void handle(request, response));
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const body = text ? (JSON.parse(text) as Record<string, unknown>) : undefined;
    const { method = "", url = "", headers } = request;
    calls.push({ method, path: url, headers, body });

    const told = next.shift();
    if (told?.drop) return request.socket.destroy();
    if (told?.text !== undefined) return response.writeHead(told.status, { "content-type": "text/html" }).end(told.text);
    const send = (status: number, result: unknown, errors: unknown[] = [], extra = {}) => {
      response.writeHead(status, { "content-type": "application/json", ...extra });
      response.end(JSON.stringify({ success: status < 300, errors, messages: [], result }));
    };
    if (told) return send(told.status, null, [{ code: 10000, message: `told to answer ${told.status}` }], told.headers);

    if (method === "POST") {
      const id = `record-${(made += 1)}`;
      const now = "2026-01-01T00:00:00Z";
      records.set(id, { id, proxiable: false, settings: {}, meta: {}, tags: [], comment: null, created_on: now, modified_on: now, ...body });
      return send(200, records.get(id));
    }
    const id = url.split("/").at(-1) ?? "";
    const record = records.get(id);
    if (!record) return send(404, null, [{ code: 81044, message: "Record does not exist." }]);
    if (method === "PUT") Object.assign(record, body);
    if (method === "DELETE") records.delete(id);
    return send(200, record);
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/v4`,
    calls,
    records,
    next,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
