import type { FastifyInstance, HTTPMethods, RouteOptions } from "fastify";
import { HttpError } from "./http-error.ts";

const METHODS: readonly HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"];

/**
 * Answers 405 with the header Allow where an address exists, but not for the method. The returned
 * function is called when all routes are there.
 */
export function refuseOtherMethods(app: FastifyInstance): () => void {
  const methodsOf = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method }: RouteOptions) => {
    const known = methodsOf.get(url) ?? new Set();
    for (const name of [method].flat()) known.add(name);
    methodsOf.set(url, known);
  });
  return () => {
    for (const [url, known] of [...methodsOf]) {
      const others = METHODS.filter((method) => !known.has(method));
      const allow = [...known].sort().join(", ");
      if (url.includes("*") || others.length === 0) continue;
      app.route({
        url,
        method: others,
        schema: { hide: true },
        // Before the body is parsed, which could fail for another reason.
        onRequest: async (request) => { throw new HttpError("METHOD_NOT_ALLOWED", `${request.method} is not possible here, only ${allow}.`, { headers: { allow } }); },
        handler: async () => undefined,
      });
    }
  };
}
