import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { assertLoopback } from "../loopback.ts";
import type { Api } from "./api.ts";
import type { CallLog } from "./call-log.ts";
import { courseOf, edited } from "./course.ts";
import type { Faults, Sending } from "./faults.ts";
import type { ApiAnswer, ApiRequest } from "./router.ts";
import { send } from "./send.ts";

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
    if (api === undefined) return this.#send(response, { status: 404, body: { message: "No such API in the sandbox" } });
    const method = incoming.method ?? "GET";
    const { text, body, problem } = await readBody(incoming, api);
    const headers = incoming.headers as Record<string, string | undefined>;
    const request: ApiRequest = { method, path: url.pathname, params: {}, query: url.searchParams, headers, body, text };
    const course = courseOf(this.#faults.take(api.name, method, url.pathname, text), api);

    if (course.delayMs > 0) await this.#wait(course.delayMs);
    if (this.#closing.signal.aborted) return void response.destroy();
    const happen = async () => problem ?? (await this.#answer(api, request));
    const own = course.effect === "first" ? await happen() : undefined;
    if (course.sending.holdMs !== undefined) await this.#wait(course.sending.holdMs);

    const given = course.answer === "own" ? own : course.answer;
    const pattern = api.router.match(method, url.pathname)?.route.pattern ?? url.pathname;
    const status = typeof given === "object" ? given.status : null;
    const call = { api: api.name, method, path: url.pathname, query: url.search, status, handled: course.effect !== "never" };
    this.#calls.record({ at: new Date().toISOString(), ...call }, pattern);

    if (given === "reset") response.socket?.resetAndDestroy();
    else if (given === "close" || given === undefined) response.destroy();
    else if (given !== "nothing") {
      const answer = { ...given, body: edited(given.body, course.edits), headers: { ...api.headers(), ...given.headers } };
      await this.#send(response, answer, course.sending);
    }
    if (typeof course.effect !== "object") return;
    await this.#wait(course.effect.afterMs);
    if (!this.#closing.signal.aborted) await happen();
  }

  #send(response: ServerResponse, answer: ApiAnswer, sending: Sending = {}): Promise<void> {
    return send(response, answer, sending, (ms) => this.#wait(ms));
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

async function readBody(incoming: IncomingMessage, api: Api): Promise<{ text: string; body: unknown; problem?: ApiAnswer }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += (chunk as Buffer).length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (bytes > MAX_BODY_BYTES) return { text, body: undefined, problem: api.errorOf(413) };
  if (bytes === 0 || /^multipart\/form-data\b/.test(incoming.headers["content-type"] ?? "")) return { text, body: undefined };
  try {
    return { text, body: JSON.parse(text) };
  } catch {
    return { text, body: undefined, problem: api.errorOf(400) };
  }
}
