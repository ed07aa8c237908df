/** One request to the service, and what it refuses, in its own words. */
import { z } from "zod";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { HttpEndpoint, HttpFailure } from "../../../providers/core/http.ts";
import type { HttpAnswer, HttpRequest } from "../../../providers/core/http.ts";
import { SECOND_MS } from "../../../providers/core/time.ts";
import { ServiceRefusal } from "./refusal.ts";

/** A preview that somebody waits for takes the longest: see src/drift/queues.ts. */
const ANSWER_LIMIT_MS = 90 * SECOND_MS;
const CONNECT_LIMIT_MS = 8 * SECOND_MS;

const REFUSAL = z.object({ error: z.object({ code: z.string(), message: z.string(), next: z.string().optional() }) });

export type Exchange = (request: Pick<HttpRequest, "method" | "path" | "headers" | "body">) => Promise<HttpAnswer>;

/** Errors: ServiceRefusal with the service's own code; CONFIG_INVALID, API_UNREACHABLE, API_UNAVAILABLE, API_TIMEOUT. */
export async function withExchange<T>(baseUrl: string, signal: AbortSignal, work: (exchange: Exchange) => Promise<T>): Promise<T> {
  const endpoint = new HttpEndpoint({ baseUrl, connections: 2, connectTimeoutMs: CONNECT_LIMIT_MS });
  try {
    return await work(async (request) => {
      try {
        const answer = await endpoint.send({ ...request, timeoutMs: ANSWER_LIMIT_MS, signal });
        refuse(answer, baseUrl);
        return answer;
      } catch (error) {
        throw error instanceof HttpFailure ? unanswered(error, baseUrl, signal) : error;
      }
    });
  } finally {
    await endpoint.close();
  }
}

/** @throws ServiceRefusal, or an error of what is none of the service's answers */
function refuse({ status, text, headers }: HttpAnswer, baseUrl: string): void {
  const isFile = (headers["content-type"] ?? "").startsWith("text/csv");
  let value: unknown;
  try {
    value = text === "" || isFile ? undefined : JSON.parse(text);
  } catch {
    throw anothers(`${baseUrl} answered ${status} with something that is not JSON.`, status);
  }
  if (status >= 200 && status < 300) return;
  const refusal = REFUSAL.safeParse(value);
  if (!refusal.success) throw anothers(`${baseUrl} answered ${status}.`, status);
  const { code, message, next = "See /docs of the service." } = refusal.data.error;
  throw new ServiceRefusal(code, message, next, status);
}

/** What stands before a service that is away says so; any other answer that is not the service's comes from the same address the next time as well. */
function anothers(said: string, status: number): UserVpsError {
  if (status === 429 || status >= 500) return new UserVpsError("API_UNAVAILABLE", said, { status, next: "Check that the service runs (`user-vps serve`), and USER_VPS_URL." });
  return new UserVpsError("CONFIG_INVALID", said, { status, next: "Check USER_VPS_URL: it is to be the service's own address." });
}

function unanswered({ kind, message }: HttpFailure, baseUrl: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  return new UserVpsError(kind === "timeout" ? "API_TIMEOUT" : "API_UNREACHABLE", `The service at ${baseUrl} does not answer: ${message}.`, {
    next: "Check that it runs (`user-vps serve`), and USER_VPS_URL.",
  });
}
