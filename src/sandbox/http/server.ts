import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { assertLoopback } from "../loopback.ts";
import type { Api } from "./api.ts";
import type { CallLog } from "./call-log.ts";
import type { Fault, Faults } from "./faults.ts";
import type { ApiAnswer, ApiRequest } from "./router.ts";

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Serves all simulated APIs on one port; puts the faults in and counts the calls. */
export class ApiServer {
  readonly #apis: Api[];
  readonly #faults: Faults;
  readonly #calls: CallLog;
  readonly #server: Server;
  readonly #closing = new AbortController();

  constructor(given: { apis: Api[]; faults: Faults; calls: CallLog }) {
    this.#apis = given.apis;
    this.#faults = given.faults;
    this.#calls = given.calls;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        if (request.destroyed) return; // The client went away before it had sent everything.
        warn(error);
        response.destroy();
      });
    });
  }

  /** Port 0 takes any that is free; answers the port. */
  async listen(host: string, port: number): Promise<number> {
    assertLoopback(host);
    this.#server.listen(port, host);
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "/", "http://sandbox");
    const api = this.#apis.find((one) => url.pathname.startsWith(one.prefix));
    if (api === undefined) return send(response, { status: 404, body: { message: "No such API in the sandbox" } });
    const method = incoming.method ?? "GET";
    const fault = this.#faults.take(api.name, method, url.pathname);
    const { body, problem } = await readBody(incoming, api);
    const headers = incoming.headers as Record<string, string | undefined>;
    const request: ApiRequest = { method, path: url.pathname, params: {}, query: url.searchParams, headers, body };

    if (fault?.kind === "delay" && fault.when !== "after") await this.#wait(fault.delayMs);
    if (this.#closing.signal.aborted) return void response.destroy();
    const handled = fault === undefined || letsEffectHappen(fault);
    const answer = handled ? (problem ?? (await this.#answer(api, request))) : undefined;
    if (fault?.kind === "delay" && fault.when === "after") await this.#wait(fault.delayMs);

    const given = fault === undefined ? answer : disturbed(fault, api, answer);
    const pattern = api.router.match(method, url.pathname)?.route.pattern ?? url.pathname;
    const call = { api: api.name, method, path: url.pathname, query: url.search, status: given?.status ?? null, handled };
    this.#calls.record({ at: new Date().toISOString(), ...call }, pattern);

    if (fault?.kind === "hang") return;
    if (given === undefined) return void response.destroy();
    send(response, { ...given, headers: { ...api.headers(), ...given.headers } });
  }

  async #answer(api: Api, request: ApiRequest): Promise<ApiAnswer> {
    const refused = api.refuse(request);
    if (refused !== undefined) return refused;
    const match = api.router.match(request.method, request.path);
    if (match === undefined) return api.notFound(request);
    try {
      return await match.route.handler({ ...request, params: match.params });
    } catch (error) {
      const answer = api.failed(error);
      if (answer === undefined) warn(error);
      return answer ?? api.errorOf(500);
    }
  }

  /** Ends early when the sandbox closes. */
  #wait(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#closing.signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, durationMs);
      this.#closing.signal.addEventListener("abort", end);
    });
  }
}

/** A mistake in the sandbox itself: it must not pass for a fault that was asked for. */
function warn(error: unknown): void {
  process.emitWarning(`sandbox: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
}

function letsEffectHappen(fault: Fault): boolean {
  return fault.kind === "delay" || fault.kind === "drop-after" || (fault.kind === "status" && fault.afterEffect === true);
}

/** The answer as the fault leaves it; undefined: none, the connection is cut. */
function disturbed(fault: Fault, api: Api, answer: ApiAnswer | undefined): ApiAnswer | undefined {
  if (fault.kind === "delay") return answer;
  if (fault.kind === "garbage") return { status: 200, body: Buffer.from("<html>not what you asked for</html>") };
  if (fault.kind !== "status") return undefined;
  const retryAfter = fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) };
  const body = fault.body ?? api.errorOf(fault.status).body;
  return { status: fault.status, body, headers: { ...retryAfter, ...fault.headers } };
}

async function readBody(incoming: IncomingMessage, api: Api): Promise<{ body: unknown; problem?: ApiAnswer }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += (chunk as Buffer).length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk as Buffer);
  }
  if (bytes > MAX_BODY_BYTES) return { body: undefined, problem: api.errorOf(413) };
  if (bytes === 0) return { body: undefined };
  try {
    return { body: JSON.parse(Buffer.concat(chunks).toString("utf8")) };
  } catch {
    return { body: undefined, problem: api.errorOf(400) };
  }
}

function send(response: ServerResponse, answer: ApiAnswer): void {
  const raw = Buffer.isBuffer(answer.body);
  response.writeHead(answer.status, { "content-type": raw ? "text/html" : "application/json", ...answer.headers });
  response.end(raw ? answer.body : JSON.stringify(answer.body));
}
