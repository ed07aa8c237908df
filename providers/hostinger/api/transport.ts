/** Sends the API's calls: token, limiter, time limits, repetition of what may be repeated, typed errors. */

import type { z } from "zod";

import { UserVpsError } from "../../core/errors.ts";
import { HttpEndpoint, HttpFailure, type HttpAnswer, type HttpMethod } from "../../core/http.ts";
import { RateLimiterWaitError, sharedRateLimiter, type RateLimiter } from "../../core/rate-limiter.ts";
import { backoffMs, isLastAllowed, waitAskedMs } from "../../core/retry.ts";
import { sleep } from "../../core/time.ts";
import {
  failureOfAnswer,
  failureOfCancellation,
  failureOfConnection,
  failureOfWait,
  jsonOrUndefined,
  unexpectedAnswer,
  type Failure,
} from "./failures.ts";

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** For the call as a whole, with its waits and repetitions. */
  readonly timeoutMs?: number;
  /** Asked right before each attempt leaves, for a call with `single`: what comes too late does not begin. */
  readonly mayBegin?: () => boolean;
}

export interface TransportOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly requestTimeoutMs: number;
  readonly retryLimitMs: number;
  readonly userAgent: string;
}

export interface ApiRequest {
  readonly method: HttpMethod;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Whatever of the body must not come back in a message. */
  readonly secrets?: readonly string[];
  /** Repeating it does no harm: so for everything but POST, unless told. */
  readonly repeatable?: boolean;
  /** For what must not be in flight beyond the call's time limit, on a connection of its own. */
  readonly single?: boolean;
}

/** An error of a call with what is known about the effect of all its attempts. */
export class CallFailure extends Error {
  readonly failure: Failure;
  /** Nothing was changed at Hostinger by any attempt. */
  readonly withoutEffect: boolean;

  constructor(failure: Failure, withoutEffect: boolean) {
    super(failure.error.message);
    this.failure = failure;
    this.withoutEffect = withoutEffect;
  }
}

interface Limits {
  /** Nothing is in flight after this moment. */
  readonly endMs: number;
  /** No repetition starts after this moment. */
  readonly retryUntilMs: number;
  readonly signal: AbortSignal | undefined;
  readonly mayBegin: (() => boolean) | undefined;
}

/** `waitMs` before a repetition, if the answer says so. */
type Outcome = { readonly answer: HttpAnswer } | { readonly failure: Failure; readonly waitMs?: number };

const MAX_PARALLEL_CALLS = 8;
const CONNECT_TIMEOUT_MS = 10_000;

export class HostingerTransport {
  /** The server's clock minus the local one at the last answer, to a second; 0 before the first. */
  serverTimeOffsetMs = 0;
  readonly #options: TransportOptions;
  readonly #endpoint: HttpEndpoint;
  readonly #limiter: RateLimiter;

  constructor(options: TransportOptions) {
    if (!/^[\x21-\x7e]+$/.test(options.apiKey)) {
      throw new UserVpsError("CONFIG_INVALID", "The Hostinger API token is empty or has characters that no token has.");
    }
    this.#options = options;
    this.#endpoint = new HttpEndpoint({
      baseUrl: options.baseUrl,
      connections: MAX_PARALLEL_CALLS,
      connectTimeoutMs: Math.min(CONNECT_TIMEOUT_MS, options.requestTimeoutMs),
    });
    this.#limiter = sharedRateLimiter(options.baseUrl, options.apiKey);
  }

  /** Calls and parses; what the schema does not find is an API_ANSWER_UNEXPECTED. */
  async call<T>(schema: z.ZodType<T>, request: ApiRequest, options: CallOptions = {}): Promise<T> {
    const answer = await this.exchange(request, options).catch((error: unknown) => {
      throw error instanceof CallFailure ? error.failure.error : error;
    });
    const parsed = schema.safeParse(jsonOrUndefined(answer.text));
    if (!parsed.success) throw unexpectedAnswer(`${request.method} ${request.path}`, answer.status, parsed.error);
    return parsed.data;
  }

  /** DELETE of an object: after an attempt whose answer was lost, a 404 means that it had done its work. */
  async remove(path: string, options: CallOptions = {}): Promise<void> {
    await this.exchange({ method: "DELETE", path }, options).catch((error: unknown) => {
      if (!(error instanceof CallFailure)) throw error;
      if (error.failure.status !== 404 || error.withoutEffect) throw error.failure.error;
    });
  }

  /** One call up to its 2xx answer; throws nothing but `CallFailure`. */
  async exchange(request: ApiRequest, options: CallOptions): Promise<HttpAnswer> {
    const call = `${request.method} ${request.path}`;
    const repeatable = request.repeatable ?? request.method !== "POST";
    const startedMs = Date.now();
    const endMs = startedMs + (options.timeoutMs ?? Number.POSITIVE_INFINITY);
    const retryUntilMs = request.single ? endMs : Math.min(endMs, startedMs + this.#options.retryLimitMs);
    let withoutEffect = true;
    for (let attempt = 1; ; attempt++) {
      const result = await this.#attempt(call, request, attempt, { endMs, retryUntilMs, signal: options.signal, mayBegin: options.mayBegin });
      if ("answer" in result) return result.answer;
      const { failure, waitMs = backoffMs(attempt) } = result;
      withoutEffect &&= failure.withoutEffect;
      const mayRepeat = failure.passing && (repeatable || failure.withoutEffect);
      if (!mayRepeat || Date.now() + Math.max(waitMs, this.#limiter.heldMs) >= retryUntilMs) {
        throw new CallFailure(failure, withoutEffect);
      }
      await sleep(waitMs, options.signal).catch(() => {
        throw new CallFailure(failureOfCancellation(call, options.signal, true), withoutEffect);
      });
    }
  }

  async close(): Promise<void> {
    await this.#endpoint.close();
  }

  async #attempt(call: string, request: ApiRequest, attempt: number, { endMs, retryUntilMs, signal, mayBegin }: Limits): Promise<Outcome> {
    const { apiKey, requestTimeoutMs, userAgent } = this.#options;
    let release: (() => void) | undefined;
    try {
      const turnUntilMs = Math.min(endMs, Math.max(retryUntilMs, Date.now() + requestTimeoutMs));
      release = await this.#limiter.acquire(turnUntilMs, signal);
      const leftMs = endMs - Date.now();
      if (leftMs <= 0 || mayBegin?.() === false) throw new RateLimiterWaitError(0);
      const answer = await this.#endpoint.send({
        method: request.method,
        path: request.path + queryText(request.query),
        headers: { authorization: `Bearer ${apiKey}`, "user-agent": userAgent },
        body: request.body,
        timeoutMs: request.single ? leftMs : Math.min(requestTimeoutMs, leftMs),
        signal,
        single: request.single ?? false,
        mayBegin,
      });
      return this.#judge(call, request, attempt, answer);
    } catch (error) {
      if (error instanceof RateLimiterWaitError) return { failure: failureOfWait(call, error) };
      if (error instanceof HttpFailure && error.kind !== "cancelled") return { failure: failureOfConnection(call, error) };
      return { failure: failureOfCancellation(call, signal, !(error instanceof HttpFailure && error.maybeSent)) };
    } finally {
      release?.();
    }
  }

  #judge(call: string, request: ApiRequest, attempt: number, answer: HttpAnswer): Outcome {
    const { status, headers } = answer;
    const serverTimeMs = Date.parse(headers["date"] ?? "");
    if (!Number.isNaN(serverTimeMs)) this.serverTimeOffsetMs = serverTimeMs - Date.now();

    const askedMs = waitAskedMs(headers);
    if (status === 429) {
      // The limiter holds everybody, this call included: no wait of its own on top.
      this.#limiter.hold(askedMs || backoffMs(attempt));
      return { failure: failureOfAnswer(call, answer, this.#secrets(request)), waitMs: 0 };
    }
    if (isLastAllowed(headers) && askedMs !== undefined) this.#limiter.hold(askedMs);
    if (status >= 200 && status < 300) return { answer };
    const asksToWait = headers["retry-after"] !== undefined && askedMs !== undefined;
    return { failure: failureOfAnswer(call, answer, this.#secrets(request)), ...(asksToWait && { waitMs: askedMs }) };
  }

  #secrets(request: ApiRequest): readonly string[] {
    return [this.#options.apiKey, ...(request.secrets ?? [])];
  }
}

function queryText(query: ApiRequest["query"] = {}): string {
  const entries = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return entries.length > 0 ? `?${new URLSearchParams(entries).toString()}` : "";
}
