/**
 * What is used of undici. Its own entry loads fetch, WebSocket, caches and mocks as well: half of the
 * time that every process of this project would spend on it.
 */
import { createRequire } from "node:module";
import type undici from "undici";

const require = createRequire(import.meta.url);
const part = <T>(file: string) => require(`undici/lib/${file}`) as T;

export const Pool = part<typeof undici.Pool>("dispatcher/pool.js");
export const Agent = part<typeof undici.Agent>("dispatcher/agent.js");
export const EnvHttpProxyAgent = part<typeof undici.EnvHttpProxyAgent>("dispatcher/env-http-proxy-agent.js");

// As its entry does: `request` and the like are methods of a dispatcher only then.
Object.assign(part<{ readonly prototype: object }>("dispatcher/dispatcher.js").prototype, part<object>("api/index.js"));

/** What a dispatcher wants to know of an address. */
export function originAndPath(url: URL): { readonly origin: string; readonly path: string } {
  return { origin: url.origin, path: `${url.pathname}${url.search}` };
}
