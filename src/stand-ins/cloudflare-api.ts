/**
 * Calls Cloudflare's API as the real plugin does, on loopback only: its retries, its headers
 * and its error texts, so that what works against the sandbox works against Cloudflare.
 */
import { UserVpsError } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS, sleep } from "../../providers/core/time.ts";
import { tokenFrom } from "../../providers/core/token.ts";
import { isLoopbackHost } from "../install-pulumi/loopback.ts";

export interface CloudflareSettings {
  /** With `/client/v4` in it. */
  readonly baseUrl: string;
  readonly apiToken?: string | undefined;
  readonly firstDelayMs?: number;
}

export interface CloudflareRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the base URL, such as `/zones/Z/dns_records`. */
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** An answer of the API that is no success; `status` 404 means that the object is gone. */
export class CloudflareError extends Error {
  override readonly name = "CloudflareError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const RETRIES = 10;
const FIRST_DELAY_MS = SECOND_MS / 2;
const MAX_DELAY_MS = 8 * SECOND_MS;
const ATTEMPT_TIMEOUT_MS = MINUTE_MS;

/**
 * The settings from the provider's configuration, which beats the environment. Refuses, with
 * SANDBOX_ONLY, anything but a loopback address; without a base URL that is Cloudflare itself.
 */
export function cloudflareSettings(configured: ReadonlyMap<string, string>, env: NodeJS.ProcessEnv): CloudflareSettings {
  const baseUrl = configured.get("baseUrl") || env["CLOUDFLARE_BASE_URL"];
  const host = baseUrl && URL.canParse(baseUrl) ? new URL(baseUrl).hostname : undefined;
  if (!baseUrl || !host || !isLoopbackHost(host)) {
    const target = host ?? (baseUrl ? "no valid URL" : "api.cloudflare.com");
    throw new UserVpsError("SANDBOX_ONLY", `The sandbox stand-in for the Cloudflare plugin works against a loopback address only; its base URL points to ${target}.`);
  }
  const token = configured.get("apiToken");
  if (token !== undefined && !/^[0-9A-Za-z_-]{40,80}$/.test(token)) {
    throw new UserVpsError("CONFIG_INVALID", "cloudflare:apiToken must be 40 to 80 characters of A-Z, a-z, 0-9, '-' and '_'.");
  }
  const fromEnvironment = env["CLOUDFLARE_API_TOKEN"] ? tokenFrom(env["CLOUDFLARE_API_TOKEN"], "CLOUDFLARE_API_TOKEN") : undefined;
  return { baseUrl: baseUrl.replace(/\/+$/, ""), apiToken: token ?? fromEnvironment };
}

/**
 * The answer's `result`. Repeats 408, 409, 429, 5xx and broken connections up to ten times, and an
 * answer that cannot be read, but for a POST: that may have made its record.
 */
export async function callCloudflare<T>(settings: CloudflareSettings, request: CloudflareRequest): Promise<T> {
  const what = `${request.method} "${settings.baseUrl}${request.path}"`;
  for (let attempt = 0; ; attempt += 1) {
    const answer = await attemptCall(settings, request).catch((error: unknown) => {
      request.signal?.throwIfAborted();
      // Of fetch, those alone are of the network that have a cause; its time limit is an AbortSignal's error.
      if (error instanceof TypeError && error.cause === undefined) throw error;
      if (attempt === RETRIES) throw new Error(`failed to make http request: ${what}: ${causeOf(error)}`);
      return undefined;
    });
    if (answer?.ok) {
      const read = await resultOf<T>(answer, request.signal);
      if (read) return read.result;
      if (attempt === RETRIES || request.method === "POST") throw new CloudflareError(answer.status, `failed to make http request: ${what}: ${answer.status}, and no JSON of Cloudflare's`);
    } else if (answer && (attempt === RETRIES || !shouldRetry(answer))) {
      const status = `${answer.status} ${answer.statusText}`.trim();
      throw new CloudflareError(answer.status, `failed to make http request: ${what}: ${status} ${await errorsOf(answer)}`);
    }
    if (answer && !answer.bodyUsed) await answer.body?.cancel();
    await sleep(delayMs(attempt, answer, settings.firstDelayMs ?? FIRST_DELAY_MS), request.signal);
  }
}

async function attemptCall({ baseUrl, apiToken }: CloudflareSettings, { method, path, body, signal }: CloudflareRequest): Promise<Response> {
  const limit = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
  return await fetch(baseUrl + path, {
    method,
    headers: {
      accept: "application/json",
      "user-agent": "user-vps-sandbox-stand-in",
      ...(apiToken && { authorization: `Bearer ${apiToken}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    // A redirect could lead away from loopback: it is an answer like any other, and fails.
    redirect: "manual",
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

function shouldRetry(answer: Response): boolean {
  const told = answer.headers.get("x-should-retry");
  if (told === "true" || told === "false") return told === "true";
  return [408, 409, 429].includes(answer.status) || answer.status >= 500;
}

/** Undefined for what is no answer of Cloudflare's: a page, an empty or a cut-off body. */
async function resultOf<T>(answer: Response, signal: AbortSignal | undefined): Promise<{ result: T } | undefined> {
  const body: unknown = await answer.json().catch(() => undefined);
  signal?.throwIfAborted();
  return typeof body === "object" && body !== null && "result" in body ? (body as { result: T }) : undefined;
}

/** What the answer asks for, if that is under a minute, and never less than the backoff, which doubles each time. */
function delayMs(attempt: number, answer: Response | undefined, firstDelayMs: number): number {
  const asked = Number(answer?.headers.get("retry-after-ms") ?? NaN) || Number(answer?.headers.get("retry-after") ?? NaN) * SECOND_MS;
  const backoffMs = Math.min(firstDelayMs * 2 ** attempt, MAX_DELAY_MS) * (1 - Math.random() / 4);
  return asked < MINUTE_MS ? Math.max(asked, backoffMs) : backoffMs;
}

/** The errors of Cloudflare's envelope `{success, errors, messages, result}`, as codes and texts. */
async function errorsOf(answer: Response): Promise<string> {
  const body = (await answer.json().catch(() => undefined)) as { errors?: { code?: number; message?: string }[] } | undefined;
  return JSON.stringify({ errors: (body?.errors ?? []).map(({ code, message }) => ({ code, message })) });
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code || cause.name : String(cause);
}
