/** Sends the API's calls: token, limiter, time limits, repetition of what may be repeated, typed errors. */

import type { z } from "zod";

import { UserVpsError } from "../../core/errors.ts";
import { HttpEndpoint, HttpFailure, type HttpAnswer, type HttpMethod } from "../../core/http.ts";
import { jsonOrUndefined } from "../../core/json.ts";
import { RateLimiterWaitError, sharedRateLimiter, type RateLimiter } from "../../core/rate-limiter.ts";
import { isLastAllowed, waitAskedMs, waitBeforeRepetitionMs } from "../../core/retry.ts";
import { monotonicMs, sleep } from "../../core/time.ts";
import { isToken } from "../../core/token.ts";
import {
  failureOfAnswer,
  failureOfCancellation,
  failureOfConnection,
  failureOfWait,
  unexpectedAnswer,
  unreadable,
  type Failure,
} from "./failures.ts";

export interface CallOptions {
  /** Ends the call, beside the client's own; `null`: neither does, for what is better finished than cut off. */
  readonly signal?: AbortSignal | null;
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
  /** Ends every call, beside the call's own signal. */
  readonly signal?: AbortSignal | undefined;
  /** Awaited right before each attempt of what ends with the signal; what it throws, once it has aborted that, ends the call with nothing sent. */
  readonly beforeCall?: (() => Promise<void>) | undefined;
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

/** `waitMs` before a repetition. */
type Outcome = { readonly answer: HttpAnswer } | { readonly failure: Failure; readonly waitMs: number };

const MAX_PARALLEL_CALLS = 8;
const CONNECT_TIMEOUT_MS = 10_000;

/** What transports have in common that differ only in their signal. */
interface Shared {
  readonly endpoint: HttpEndpoint;
  readonly limiter: RateLimiter;
  serverTimeOffsetMs: number;
}

export class HostingerTransport {
  readonly #options: TransportOptions;
  readonly #shared: Shared;

  constructor(options: TransportOptions, shared?: Shared) {
    if (!isToken(options.apiKey)) {
      throw new UserVpsError("CONFIG_INVALID", "The Hostinger API token is empty or has characters that no token has.");
    }
    this.#options = options;
    const connectTimeoutMs = Math.min(CONNECT_TIMEOUT_MS, options.requestTimeoutMs);
    this.#shared = shared ?? {
      endpoint: new HttpEndpoint({ baseUrl: options.baseUrl, connections: MAX_PARALLEL_CALLS, connectTimeoutMs }),
      limiter: sharedRateLimiter(options.baseUrl, options.apiKey),
      serverTimeOffsetMs: 0,
    };
  }

  /** The same, with connections and all, but every call ends with this signal too. */
  withSignal(signal: AbortSignal, beforeCall?: () => Promise<void>): HostingerTransport {
    return new HostingerTransport({ ...this.#options, signal: eitherOf(signal, this.#options.signal), beforeCall }, this.#shared);
  }

  /** The server's clock minus the local one at the last success, to a second; 0 before the first. */
  get serverTimeOffsetMs(): number {
    return this.#shared.serverTimeOffsetMs;
  }

  /** Stands for the base URL and the token: the same for all transports of a process that have these. */
  get account(): object {
    return this.#shared.limiter;
  }

  /** Calls and parses; what the schema does not find is an API_ANSWER_UNEXPECTED. */
  async call<T>(schema: z.ZodType<T>, request: ApiRequest, options: CallOptions = {}): Promise<T> {
    return await this.callOrFind(schema, request, options, async () => undefined);
  }

  /** The same; where a call has failed and may have had its effect, `find` looks for what it has made. */
  async callOrFind<T>(schema: z.ZodType<T>, request: ApiRequest, options: CallOptions, find: () => Promise<T | undefined>): Promise<T> {
    const outcome = await this.#parsed(schema, request, options);
    if ("data" in outcome) return outcome.data;
    const found = outcome.withoutEffect ? undefined : await find();
    if (found === undefined) throw outcome.error;
    return found;
  }

  async #parsed<T>(schema: z.ZodType<T>, request: ApiRequest, options: CallOptions): Promise<{ readonly data: T } | { readonly error: Error; readonly withoutEffect: boolean }> {
    try {
      const answer = await this.exchange(request, options);
      const { data, error } = schema.safeParse(jsonOrUndefined(answer.text));
      return error ? { error: unexpectedAnswer(`${request.method} ${request.path}`, answer.status, error), withoutEffect: false } : { data };
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      return { error: error.failure.error, withoutEffect: error.withoutEffect };
    }
  }

  /** DELETE of an object: after an attempt whose answer was lost, a 404 means that it had done its work. */
  async remove(path: string, options: CallOptions = {}): Promise<void> {
    await this.exchange({ method: "DELETE", path }, options).catch((error: unknown) => {
      if (!(error instanceof CallFailure)) throw error;
      const isGone = error.failure.error instanceof UserVpsError && error.failure.error.code === "API_NOT_FOUND";
      if (!isGone || error.withoutEffect) throw error.failure.error;
    });
  }

  /** One call up to its 2xx answer with JSON (but for a DELETE, of which nothing is read); throws nothing but `CallFailure`, mistakes of the program apart. */
  async exchange(request: ApiRequest, options: CallOptions): Promise<HttpAnswer> {
    const call = `${request.method} ${request.path}`;
    const repeatable = request.repeatable ?? request.method !== "POST";
    const startedMs = monotonicMs();
    const signal = options.signal === null ? undefined : eitherOf(options.signal, this.#options.signal);
    const endMs = startedMs + (options.timeoutMs ?? Number.POSITIVE_INFINITY);
    const retryUntilMs = request.single ? endMs : Math.min(endMs, startedMs + this.#options.retryLimitMs);
    let withoutEffect = true;
    let before: Failure | undefined;
    for (let attempt = 1; ; attempt++) {
      const result = await this.#attempt(call, request, attempt, { endMs, retryUntilMs, signal, mayBegin: options.mayBegin });
      if ("answer" in result) return result.answer;
      const { failure, waitMs } = result;
      withoutEffect &&= failure.withoutEffect;
      if (!hasRunOut(failure)) before = failure;
      // One for which no time was left says less than the one before it.
      else if (before && monotonicMs() >= endMs) throw new CallFailure(before, withoutEffect);
      const mayRepeat = failure.passing && (repeatable || failure.withoutEffect);
      if (!mayRepeat || monotonicMs() + Math.max(waitMs, this.#shared.limiter.heldMs) >= retryUntilMs) {
        throw new CallFailure(failure, withoutEffect);
      }
      await sleep(waitMs, signal).catch(() => {
        throw new CallFailure(failureOfCancellation(call, signal, true), withoutEffect);
      });
    }
  }

  async close(): Promise<void> {
    await this.#shared.endpoint.close();
  }

  async #attempt(call: string, request: ApiRequest, attempt: number, { endMs, retryUntilMs, signal, mayBegin }: Limits): Promise<Outcome> {
    const { apiKey, requestTimeoutMs, userAgent } = this.#options;
    let release: (() => void) | undefined;
    try {
      const turnUntilMs = Math.min(endMs, Math.max(retryUntilMs, monotonicMs() + requestTimeoutMs));
      release = await this.#shared.limiter.acquire(turnUntilMs, signal);
      if (signal) await this.#options.beforeCall?.();
      const leftMs = endMs - monotonicMs();
      if (leftMs <= 0 || mayBegin?.() === false) throw new RateLimiterWaitError(0);
      const answer = await this.#shared.endpoint.send({
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
      const waitMs = waitBeforeRepetitionMs(attempt);
      if (error instanceof RateLimiterWaitError) return { failure: failureOfWait(call, error), waitMs };
      if (error instanceof HttpFailure && error.kind !== "cancelled") return { failure: failureOfConnection(call, error), waitMs };
      if (!signal?.aborted) throw error;
      return { failure: failureOfCancellation(call, signal, !(error instanceof HttpFailure && error.maybeSent)), waitMs };
    } finally {
      release?.();
    }
  }

  #judge(call: string, request: ApiRequest, attempt: number, answer: HttpAnswer): Outcome {
    const { status, headers } = answer;
    if (status === 429) {
      // The limiter holds everybody, this call included: no wait of its own on top.
      this.#shared.limiter.hold(waitBeforeRepetitionMs(attempt, headers));
      return { failure: failureOfAnswer(call, answer, this.#secrets(request)), waitMs: 0 };
    }
    const askedMs = waitAskedMs(headers);
    if (isLastAllowed(headers) && askedMs !== undefined) this.#shared.limiter.hold(askedMs);
    if (status >= 200 && status < 300) {
      if (jsonOrUndefined(answer.text) !== undefined || (request.method === "DELETE" && answer.text.trim() === "")) {
        this.#noteServerTime(headers["date"]);
        return { answer };
      }
      return { failure: unreadable(call, answer), waitMs: waitBeforeRepetitionMs(attempt) };
    }
    // A reset of the rate limit says nothing about when a server error is over.
    const { "retry-after": retryAfter, date } = headers;
    return { failure: failureOfAnswer(call, answer, this.#secrets(request)), waitMs: waitBeforeRepetitionMs(attempt, { "retry-after": retryAfter, date }) };
  }

  /** By which purchases are judged: what stands in front of the API may have another clock, so only a success of the API itself tells it. */
  #noteServerTime(date: string | undefined): void {
    const serverTimeMs = Date.parse(date ?? "");
    if (!Number.isNaN(serverTimeMs)) this.#shared.serverTimeOffsetMs = serverTimeMs - Date.now();
  }

  #secrets(request: ApiRequest): readonly string[] {
    return [this.#options.apiKey, ...(request.secrets ?? [])];
  }
}

/** It was not sent within the call's time. */
function hasRunOut({ error, status, withoutEffect }: Failure): boolean {
  return withoutEffect && status === undefined && error instanceof UserVpsError && error.code === "API_TIMEOUT";
}

function eitherOf(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other && one !== other ? AbortSignal.any([one, other]) : (one ?? other);
}

function queryText(query: ApiRequest["query"] = {}): string {
  const entries = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return entries.length > 0 ? `?${new URLSearchParams(entries).toString()}` : "";
}
