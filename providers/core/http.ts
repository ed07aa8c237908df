/** One HTTP exchange with a JSON API: time-outs, abort, and whether the request can have had an effect. */

import { Readable } from "node:stream";

import { EnvHttpProxyAgent, Pool, request as undiciRequest, type Dispatcher } from "undici";

import { UserVpsError } from "./errors.ts";
import { inSeconds } from "./time.ts";

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

export type HttpFailureKind = "timeout" | "unreachable" | "certificate" | "cancelled";

/** No complete answer came. Holds neither headers nor body, so that no token leaks with it. */
export class HttpFailure extends Error {
  override readonly name = "HttpFailure";
  readonly kind: HttpFailureKind;
  /** False only when it is certain that the server did not get the request. */
  readonly maybeSent: boolean;

  constructor(kind: HttpFailureKind, maybeSent: boolean, message: string) {
    super(message);
    this.kind = kind;
    this.maybeSent = maybeSent;
  }
}

export interface HttpEndpointOptions {
  /** With or without a path of its own, e.g. `https://developers.hostinger.com`. */
  readonly baseUrl: string;
  readonly connections: number;
  readonly connectTimeoutMs: number;
}

/** The largest answer that is read: 50 scripts of 48 KB are 2.4 MB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export class HttpEndpoint {
  readonly #base: URL;
  readonly #options: HttpEndpointOptions;
  readonly #dispatcher: Dispatcher;

  constructor(options: HttpEndpointOptions) {
    this.#base = httpUrl(options.baseUrl);
    this.#options = options;
    this.#dispatcher = this.#newDispatcher();
  }

  /** Resolves with any complete answer, whatever its status; otherwise throws an `HttpFailure`. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    if (request.signal?.aborted) throw new HttpFailure("cancelled", false, "cancelled before it was sent");
    const deadlineMs = Date.now() + request.timeoutMs;
    const attempt = new AbortController();
    const timer = setTimeout(() => attempt.abort("timeout"), request.timeoutMs);
    const onCancel = () => attempt.abort("cancelled");
    request.signal?.addEventListener("abort", onCancel, { once: true });

    const json = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    let bodyLeft = false;
    async function* bodyBeforeDeadline(bytes: Buffer) {
      if (Date.now() >= deadlineMs || request.mayBegin?.() === false) attempt.abort("timeout");
      attempt.signal.throwIfAborted();
      bodyLeft = true;
      yield bytes;
    }
    const dispatcher = request.single ? this.#newDispatcher() : this.#dispatcher;
    try {
      const answer = await undiciRequest(`${this.#base.href.replace(/\/+$/, "")}${request.path}`, {
        dispatcher,
        method: request.method,
        headers: {
          accept: "application/json",
          ...(json && { "content-type": "application/json", "content-length": String(json.length) }),
          ...request.headers,
        },
        ...(json && { body: request.single ? Readable.from(bodyBeforeDeadline(json), { objectMode: false }) : json }),
        signal: attempt.signal,
      });
      const text = await answer.body.text();
      return { status: answer.statusCode, headers: singleValues(answer.headers), text };
    } catch (error) {
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

/** 127.0.0.0/8, ::1 and localhost: a proxy of the environment is of no use for these. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
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

const CERTIFICATE_CODE = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY)_)/;

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "";
}

/** DNS failed, nobody listens, no route, connect time-out, or a certificate that is not trusted. */
function isBeforeConnection(error: unknown): boolean {
  const { syscall, errors } = error as { syscall?: string; errors?: unknown[] };
  return (
    syscall === "connect" ||
    syscall === "getaddrinfo" ||
    codeOf(error) === "UND_ERR_CONNECT_TIMEOUT" ||
    CERTIFICATE_CODE.test(codeOf(error)) ||
    (Array.isArray(errors) && errors.length > 0 && errors.every(isBeforeConnection))
  );
}

function failureOf(error: unknown, attempt: AbortSignal, timeoutMs: number, maybeSent: boolean): HttpFailure {
  if (attempt.aborted && attempt.reason === "cancelled") return new HttpFailure("cancelled", maybeSent, "cancelled");
  if (attempt.aborted) return new HttpFailure("timeout", maybeSent, `no complete answer within ${inSeconds(timeoutMs)}`);
  const code = codeOf(error) || "no code";
  if (CERTIFICATE_CODE.test(code)) return new HttpFailure("certificate", maybeSent, `the server's certificate is not trusted (${code})`);
  if (code === "UND_ERR_CONNECT_TIMEOUT") return new HttpFailure("timeout", maybeSent, "no connection within the time limit");
  return new HttpFailure("unreachable", maybeSent, maybeSent ? `the connection broke (${code})` : `no connection (${code})`);
}
