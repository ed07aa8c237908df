import type { ApiAnswer, ApiRequest, Router } from "./router.ts";

export type ApiName = "hostinger" | "cloudflare" | "control";

/** One of the simulated APIs, as the HTTP server needs to know it. */
export interface Api {
  name: ApiName;
  /** Requests whose path starts like this belong to it. */
  prefix: string;
  router: Router;
  /** An answer if the request may not go on: no or a wrong token, too many requests. */
  refuse: (request: ApiRequest) => ApiAnswer | undefined;
  /** The answer to an error that a handler threw on purpose; undefined for any other. */
  failed: (error: unknown) => ApiAnswer | undefined;
  /** The API's own shape of an error with this status. */
  errorOf: (status: number) => ApiAnswer;
  notFound: (request: ApiRequest) => ApiAnswer;
  /** Headers on every answer. */
  headers: () => Record<string, string>;
}

export function bearerToken(request: ApiRequest): string | undefined {
  return /^Bearer\s+(\S+)$/i.exec(request.headers["authorization"] ?? "")?.[1];
}
