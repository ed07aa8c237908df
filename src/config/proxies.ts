import type { Environment } from "./settings.ts";

/** Both ways of writing each; the libraries take either. */
const PROXIES = [["https_proxy", "HTTPS_PROXY"], ["http_proxy", "HTTP_PROXY"], ["no_proxy", "NO_PROXY"]] as const;

/**
 * A proxy that is set in a file holds for the process as well as for its engines: what speaks HTTP here reads the
 * process's own environment. What that has already is left, however it is written.
 */
export function useProxiesOf(env: Environment, own: NodeJS.ProcessEnv = process.env): void {
  for (const names of PROXIES) {
    if (names.some((name) => own[name] !== undefined)) continue;
    for (const name of names) if (env[name] !== undefined) own[name] = env[name];
  }
}
