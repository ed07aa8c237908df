/**
 * `user-vps __complete users|releases PREFIX`: for the shells' completion. Of its own, as the commands
 * take longer to load than somebody who has pressed Tab waits; silent, whatever goes wrong.
 */
import { loadEnvironment } from "../config/environment.ts";
import type { Environment } from "../config/settings.ts";
import { serviceUrl, signInWith } from "./service-client/reach-service.ts";

const LIMIT_MS = 1_500;
const MOST = "100";

interface Source {
  readonly path: string;
  readonly query: (prefix: string) => Readonly<Record<string, string>>;
  readonly name: string;
}

const SOURCES: Readonly<Record<string, Source>> = {
  users: { path: "/api/admin/vps", query: (prefix) => ({ limit: MOST, ...(prefix && { search: prefix }) }), name: "username" },
  releases: { path: "/api/admin/releases", query: () => ({ limit: MOST }), name: "version" },
};

async function names({ path, query, name }: Source, prefix: string, env: Environment): Promise<string[]> {
  const url = `${serviceUrl(env).replace(/\/+$/, "")}${path}?${new URLSearchParams(query(prefix))}`;
  const answer = await fetch(url, { headers: await signInWith(env)(), signal: AbortSignal.timeout(LIMIT_MS) });
  const { items } = (await answer.json()) as { readonly items: readonly Readonly<Record<string, string>>[] };
  // What a name may consist of needs no quotes in any shell.
  return items.map((item) => item[name] ?? "").filter((one) => one.startsWith(prefix) && /^[\w.+-]+$/.test(one));
}

// However the connection hangs, the shell goes on.
setTimeout(() => process.exit(), LIMIT_MS).unref();
const [kind = "", prefix = ""] = process.argv.slice(2);
const source = SOURCES[kind];
if (source) {
  const found = await names(source, prefix, loadEnvironment()).catch(() => []);
  process.stdout.write(found.map((name) => `${name}\n`).join(""));
}
