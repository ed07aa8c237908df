/** One HTTP exchange with a JSON API: time-outs, abort, and whether the request can have had an effect. */

import { Readable } from "node:stream";

import type { Dispatcher } from "undici";

import { UserVpsError } from "./errors.ts";
import { HttpFailure, isBeforeConnection, isMistake, failureOf } from "./http-failure.ts";
import { EnvHttpProxyAgent, originAndPath, Pool } from "./lean-undici.ts";
import { orAborted } from "./or-aborted.ts";
import { monotonicMs } from "./time.ts";
import { currentTraceparent, inSpan } from "./tracing.ts";

export { HttpFailure } from "./http-failure.ts";

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface HttpRequest {
  readonly method: HttpMethod;
  /** Path with its query, beginning with `/`; it is appended to the base URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON; no body when undefined. */
  readonly body?: unknown;
  /** For the whole exchange: connection, headers and body. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /**
   * Uses a connection of its own, so that a kept-alive one that the server is just closing cannot
   * leave the outcome unknown; and the body leaves only before `timeoutMs`, even if this process
   * was stopped in the meantime.
   */
  readonly single?: boolean;
  /** With `single`: asked right before the body leaves; false lets it not leave any more. */
  readonly mayBegin?: (() => boolean) | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

export interface HttpEndpointOptions {
  /** With or without a path of its own, e.g. `https://developers.hostinger.com`. */
  readonly baseUrl: string;
  readonly connections: number;
  readonly connectTimeoutMs: number;
}

/** The largest answer that is read: 50 scripts of 48 KB are 2.4 MB, 100,000 VMs 53 MB in the sandbox. */
export const MAX_ANSWER_BYTES = 128 * 1024 * 1024;

export class HttpEndpoint {
  readonly #base: URL;
  readonly #options: HttpEndpointOptions;
  readonly #dispatcher: Dispatcher;

  constructor(options: HttpEndpointOptions) {
    this.#base = httpUrl(options.baseUrl);
    this.#options = options;
    this.#dispatcher = this.#newDispatcher();
  }

  /**
   * Resolves with any complete answer, whatever its status; otherwise throws an `HttpFailure`. It
   * ends by `timeoutMs` and by the signal even where the HTTP library does not.
   */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    // What is read for all, now and then, belongs to nobody's trace.
    if (currentTraceparent() === undefined) return await this.#send(request);
    return await inSpan({ name: operationOf(request), kind: "client", attributes: { "http.request.method": request.method, "server.address": this.#base.hostname } }, async (span) => {
      const answer = await this.#send(request);
      span?.set({ "http.response.status_code": answer.status });
      return answer;
    });
  }

  async #send(request: HttpRequest): Promise<HttpAnswer> {
    refuseHeaders(request.headers);
    const json = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    if (request.signal?.aborted) throw new HttpFailure("cancelled", false, "cancelled before it was sent");
    const deadlineMs = monotonicMs() + request.timeoutMs;
    const attempt = new AbortController();
    const timer = setTimeout(() => attempt.abort("timeout"), request.timeoutMs);
    const onCancel = () => attempt.abort("cancelled");
    request.signal?.addEventListener("abort", onCancel, { once: true });

    let bodyLeft = false;
    async function* bodyBeforeDeadline(bytes: Buffer) {
      if (monotonicMs() >= deadlineMs || request.mayBegin?.() === false) attempt.abort("timeout");
      attempt.signal.throwIfAborted();
      bodyLeft = true;
      yield bytes;
    }
    const dispatcher = request.single ? this.#newDispatcher() : this.#dispatcher;
    try {
      const answer = dispatcher.request({
        ...originAndPath(new URL(`${this.#base.href.replace(/\/+$/, "")}${request.path}`)),
        method: request.method,
        headers: {
          accept: "application/json",
          ...(json && { "content-type": "application/json", "content-length": String(json.length) }),
          ...request.headers,
        },
        ...(json && { body: request.single ? Readable.from(bodyBeforeDeadline(json), { objectMode: false }) : json }),
        signal: attempt.signal,
      }).then(async ({ statusCode, headers, body }) => ({ status: statusCode, headers: singleValues(headers), text: await body.text() }));
      return await orAborted(answer, attempt.signal);
    } catch (error) {
      if (!attempt.signal.aborted && isMistake(error)) throw error;
      const certainlyNotSent = isBeforeConnection(error) || (request.single === true && json !== undefined && !bodyLeft);
      throw failureOf(error, attempt.signal, request.timeoutMs, !certainlyNotSent);
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener("abort", onCancel);
      if (request.single) void dispatcher.destroy().catch(() => undefined);
    }
  }

  /** Ends idle connections at once and the others after their answers. */
  async close(): Promise<void> {
    await this.#dispatcher.close();
  }

  #newDispatcher(): Dispatcher {
    const { connections, connectTimeoutMs } = this.#options;
    const settings = {
      connections,
      connect: { timeout: connectTimeoutMs },
      // Undici itself never repeats a request over HTTP/1.1 that was written.
      allowH2: false,
      // The time limit of the exchange is ours, one for all its parts.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: MAX_ANSWER_BYTES,
    };
    return isLoopback(this.#base.hostname) ? new Pool(this.#base.origin, settings) : new EnvHttpProxyAgent(settings);
  }
}

/** `GET /api/vps/v1/virtual-machines/{id}`: without a query, and the same for each object. */
function operationOf({ method, path }: HttpRequest): string {
  const segments = path.split("?")[0]!.split("/").map((segment) => (/\d/.test(segment) && !/^v\d+$/.test(segment) ? "{id}" : segment));
  return `${method} ${segments.join("/")}`;
}

/** 127.0.0.0/8, ::1 and localhost: a proxy of the environment is of no use for these. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

/** Undici refuses these only after the request has a place in its pool, which then is never free again. */
function refuseHeaders(headers: HttpRequest["headers"]): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw new TypeError(`The header ${name} has a character that no header may have.`);
  }
}

function httpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new UserVpsError("CONFIG_INVALID", "An API's base URL must be http(s)://host[:port][/path], without credentials and query.");
  }
  return url;
}

function singleValues(headers: Record<string, string | string[] | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value[0] : value]));
}
