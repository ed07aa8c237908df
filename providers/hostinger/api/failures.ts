/** What went wrong with a call, as a typed error, and whether repeating it can help or harm. */

import { z } from "zod";

import { beginningOf, shortened } from "../../core/cut-text.ts";
import { UserVpsError, type ErrorCode } from "../../core/errors.ts";
import type { HttpAnswer, HttpFailure } from "../../core/http.ts";
import { jsonOrUndefined } from "../../core/json.ts";
import { cancellationOf } from "../../core/polling.ts";
import type { RateLimiterWaitError } from "../../core/rate-limiter.ts";
import { inSeconds } from "../../core/time.ts";

/** A failed attempt, judged. */
export interface Failure {
  /** A `UserVpsError`, or the reason that came with a cancellation. */
  readonly error: Error;
  /** What happened, as a sentence, without code and advice. */
  readonly said: string;
  /** Another attempt may go better. */
  readonly passing: boolean;
  /** It is certain that this attempt changed nothing at Hostinger. */
  readonly withoutEffect: boolean;
  readonly status: number | undefined;
}

const MAX_MESSAGE_CHARACTERS = 500;
const MAX_TITLE_CHARACTERS = 200;
/** Lines of a script shorter than this are too common to be blotted out one by one. */
const MIN_SECRET_LINE_CHARACTERS = 8;

/** OpenAPI: `Common.Response.ErrorResponse` and `…UnprocessableContentResponse`; the introduction says `error`. Each has one of these at least. */
const errorBody = z.object({
  message: z.string().optional().catch(undefined),
  error: z.string().optional().catch(undefined),
  errors: z.record(z.string(), z.unknown()).optional().catch(undefined),
  correlation_id: z.string().regex(/^[\w.:-]{1,100}$/).optional().catch(undefined),
}).refine((body) => Object.keys(body).length > 0);

/** RFC 9457, as Cloudflare, which stands before the API, tells programs of its own errors. */
const problemBody = z.object({ title: z.string() });

/** Below 500, those that say "again, later". */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 429]);

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: "API_UNAUTHORIZED",
  403: "API_FORBIDDEN",
  404: "API_NOT_FOUND",
  408: "API_TIMEOUT",
  429: "API_RATE_LIMITED",
};

/**
 * For any answer with another status than 2xx. `call` is method and path; `secrets` is what was sent.
 * The API's own errors are JSON of their own shape: anything else comes from something in front of it
 * (a firewall, a maintenance page), says nothing about the object or the token, and passes.
 */
export function failureOfAnswer(call: string, answer: HttpAnswer, secrets: readonly string[]): Failure {
  const { status } = answer;
  const json = jsonOrUndefined(answer.text);
  const own = status >= 400 ? errorBody.safeParse(json).data : undefined;
  if (!own && !PASSING_STATUSES.has(status) && status < 500) return unreadable(call, answer);
  const body = own ?? {};
  const theirs = own ? [body.message ?? body.error, fieldErrors(body.errors ?? {})].filter(Boolean).join(" ") : (problemBody.safeParse(json).data?.title ?? "");
  const code = CODE_OF_STATUS[status] ?? (status >= 500 ? "API_UNAVAILABLE" : "API_REJECTED");
  const said = asSentence(`${call} answered ${status}${theirs ? `: ${withoutSecrets(theirs, secrets)}` : ""}`);
  return {
    said,
    error: new UserVpsError(code, said, { status, ...(body.correlation_id && { correlationId: body.correlation_id }) }),
    passing: PASSING_STATUSES.has(status) || status >= 500,
    // A 408 may come from a proxy that had already passed the request on.
    withoutEffect: status >= 400 && status < 500 && status !== 408,
    status,
  };
}

/** For an answer that is not the API's: without JSON, or an error of another shape. Of a 2xx, the effect is not known; what refused with a page need not be who had the request. */
export function unreadable(call: string, { status, headers, text }: HttpAnswer): Failure {
  const said = asSentence(`${call} answered ${status} with ${whatItIs(headers, text)}`);
  const isSuccess = status >= 200 && status < 300;
  return { said, error: new UserVpsError("API_ANSWER_UNREADABLE", said, { status }), passing: isSuccess, withoutEffect: false, status };
}

function whatItIs(headers: HttpAnswer["headers"], text: string): string {
  if (text.trim() === "") return "an empty body";
  const json = jsonOrUndefined(text);
  const title = problemBody.safeParse(json).data?.title;
  if (json !== undefined) return `JSON that is not of the API's errors${title === undefined ? "" : `: ${shortened(title, MAX_TITLE_CHARACTERS)}`}`;
  const [type = ""] = (headers["content-type"] ?? "").split(";");
  return `${/^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : "something"} that is no JSON, of ${text.length} characters`;
}

/** For a request without a complete answer that was not cancelled. */
export function failureOfConnection(call: string, failure: HttpFailure): Failure {
  const code = failure.kind === "timeout" ? "API_TIMEOUT" : failure.kind === "too-large" ? "API_ANSWER_UNREADABLE" : "API_UNREACHABLE";
  const said = asSentence(`${call}: ${failure.message}`);
  return {
    said,
    error: new UserVpsError(code, said, {
      ...(failure.kind === "certificate" && { next: "Check the base URL and the trusted certificate authorities." }),
    }),
    passing: failure.kind === "timeout" || failure.kind === "unreachable",
    withoutEffect: !failure.maybeSent,
    status: undefined,
  };
}

/** For a call that ended by the caller's signal. */
export function failureOfCancellation(call: string, signal: AbortSignal | undefined, withoutEffect: boolean): Failure {
  return { said: `${call} was cancelled.`, error: cancellationOf(call, signal), passing: false, withoutEffect, status: undefined };
}

/** For an attempt that the rate limiter did not let start within the call's time. */
export function failureOfWait(call: string, wait: RateLimiterWaitError): Failure {
  const held = wait.heldMs > 0;
  const said = `${call} was not sent: ${held ? `Hostinger's rate limit holds for another ${inSeconds(wait.heldMs)}` : "it had no turn within the time limit"}.`;
  return { said, error: new UserVpsError(held ? "API_RATE_LIMITED" : "API_TIMEOUT", said), passing: false, withoutEffect: true, status: undefined };
}

/** For a 2xx answer that does not hold what is relied on; names the places, never the values. */
export function unexpectedAnswer(call: string, status: number, problem: z.ZodError | string): UserVpsError {
  const places =
    typeof problem === "string"
      ? problem
      : problem.issues.slice(0, 5).map((issue) => `${issue.path.join(".") || "the answer"}: ${issue.message}`).join("; ");
  return new UserVpsError("API_ANSWER_UNEXPECTED", asSentence(beginningOf(`${call} answered ${status}, but ${places}`, MAX_MESSAGE_CHARACTERS)), { status });
}

/** Validation messages may repeat what was sent: every secret, and every longer line of one, is blotted out. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const pieces = secrets
    .flatMap((secret) => [secret, ...secret.split(/\r?\n/).map((line) => line.trim()).filter((line) => line.length >= MIN_SECRET_LINE_CHARACTERS)])
    .filter((piece) => piece !== "")
    .flatMap((piece) => [piece, JSON.stringify(piece).slice(1, -1)])
    .sort((a, b) => b.length - a.length);
  let clean = text;
  for (const piece of new Set(pieces)) clean = clean.replaceAll(piece, "[secret]");
  return shortened(clean, MAX_MESSAGE_CHARACTERS);
}

function fieldErrors(errors: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(errors).map(([field, messages]) => `${field}: ${[messages].flat().filter((m) => typeof m === "string").join(" ")}`);
  return fields.length > 0 ? `(${fields.join("; ")})` : "";
}

function asSentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
