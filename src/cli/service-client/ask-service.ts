/** How the service is asked; loaded by `withService` alone, since most of a command line's start is what this needs. */
import { createClient, type UserVpsClient } from "user-vps/client";
import type { HttpMethod } from "../../../providers/core/http.ts";
import type { Invocation } from "../command.ts";
import { withExchange } from "./exchange.ts";
import { serviceUrl, signInWith } from "./reach-service.ts";

/** `user-vps/client`, whose calls throw what is refused or does not answer; see `answer`. */
export type ServiceApi = UserVpsClient;

/** Errors: ServiceRefusal with the service's own code; CONFIG_INVALID, API_UNREACHABLE, API_UNAVAILABLE, API_TIMEOUT. */
export async function askService<T>({ env, signal }: Pick<Invocation, "env" | "signal">, work: (service: ServiceApi) => Promise<T>): Promise<T> {
  const baseUrl = serviceUrl(env);
  const signIn = signInWith(env);
  return withExchange(baseUrl, signal, async (exchange) => {
    const send = async (request: Request): Promise<Response> => {
      const body = request.method === "GET" ? undefined : (JSON.parse((await request.text()) || "{}") as object);
      const path = request.url.slice(new URL(request.url).origin.length + new URL(baseUrl).pathname.replace(/\/$/, "").length);
      const { status, text, headers } = await exchange({ method: request.method as HttpMethod, path, body, headers: await signIn() });
      return new Response(text === "" ? null : text, { status, headers: { "content-type": headers["content-type"] ?? "application/json", ...(text === "" && { "content-length": "0" }) } });
    };
    return await work(createClient({ url: baseUrl, fetch: send }));
  });
}
