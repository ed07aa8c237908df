/** How the service is asked; loaded by `withService` alone, since most of a command line's start is what this needs. */
import { createClient, type UserVpsClient } from "user-vps/client";
import { z } from "zod";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { HttpEndpoint, HttpFailure } from "../../../providers/core/http.ts";
import type { HttpMethod } from "../../../providers/core/http.ts";
import { SECOND_MS } from "../../../providers/core/time.ts";
import { VARIABLES } from "../../config/index.ts";
import type { Environment } from "../../config/index.ts";
import type { Invocation } from "../command.ts";
import { operatorToken } from "./operator-token.ts";
import { ServiceRefusal } from "./refusal.ts";

/** A preview that somebody waits for takes the longest: see src/drift/queues.ts. */
const ANSWER_LIMIT_MS = 90 * SECOND_MS;
const CONNECT_LIMIT_MS = 8 * SECOND_MS;

const REFUSAL = z.object({ error: z.object({ code: z.string(), message: z.string(), next: z.string().optional() }) });

/** `user-vps/client`, whose calls throw what is refused or does not answer; see `answer`. */
export type ServiceApi = UserVpsClient;

/** Errors: ServiceRefusal with the service's own code; CONFIG_INVALID, API_UNREACHABLE, API_TIMEOUT, API_ANSWER_UNEXPECTED. */
export async function askService<T>({ env, signal }: Pick<Invocation, "env" | "signal">, work: (service: ServiceApi) => Promise<T>): Promise<T> {
  const baseUrl = serviceUrl(env);
  const token = await operatorToken(env);
  const endpoint = new HttpEndpoint({ baseUrl, connections: 2, connectTimeoutMs: CONNECT_LIMIT_MS });
  const send = async (request: Request): Promise<Response> => {
    try {
      const body = request.method === "GET" ? undefined : (JSON.parse((await request.text()) || "{}") as object);
      const path = request.url.slice(new URL(request.url).origin.length + new URL(baseUrl).pathname.replace(/\/$/, "").length);
      const { status, text } = await endpoint.send({ method: request.method as HttpMethod, path, body, headers: { authorization: `Bearer ${token}` }, timeoutMs: ANSWER_LIMIT_MS, signal });
      refuse(status, text, baseUrl);
      return new Response(text === "" ? null : text, { status, headers: { "content-type": "application/json", ...(text === "" && { "content-length": "0" }) } });
    } catch (error) {
      throw error instanceof HttpFailure ? unanswered(error, baseUrl, signal) : error;
    }
  };
  try {
    return await work(createClient({ url: baseUrl, fetch: send }));
  } finally {
    await endpoint.close();
  }
}

/** USER_VPS_URL, else where a service with the same settings serves on this machine. */
export function serviceUrl(env: Environment): string {
  const host = env[VARIABLES.host.name] || VARIABLES.host.byDefault;
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return env["USER_VPS_URL"] || `http://${reachable}:${env[VARIABLES.port.name] || VARIABLES.port.byDefault}`;
}

/** @throws ServiceRefusal, or an error of what is none of the service's answers */
function refuse(status: number, text: string, baseUrl: string): void {
  let value: unknown;
  try {
    value = text === "" ? undefined : JSON.parse(text);
  } catch {
    throw new UserVpsError("API_ANSWER_UNEXPECTED", `${baseUrl} answered ${status} with something that is not JSON.`, { status, next: "Check USER_VPS_URL: it is to be the service's own address." });
  }
  if (status >= 200 && status < 300) return;
  const refusal = REFUSAL.safeParse(value);
  if (!refusal.success) throw new UserVpsError("API_ANSWER_UNEXPECTED", `${baseUrl} answered ${status}.`, { status, next: "Check USER_VPS_URL: it is to be the service's own address." });
  const { code, message, next = "See /docs of the service." } = refusal.data.error;
  throw new ServiceRefusal(code, message, next, status);
}

function unanswered({ kind, message }: HttpFailure, baseUrl: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  return new UserVpsError(kind === "timeout" ? "API_TIMEOUT" : "API_UNREACHABLE", `The service at ${baseUrl} does not answer: ${message}.`, {
    next: "Check that it runs (`user-vps serve`), and USER_VPS_URL.",
  });
}
