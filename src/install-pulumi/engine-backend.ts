/**
 * Where the engine finds the stacks' state, as variables of its environment. The same address is read by node-postgres
 * here and by Go's driver (lib/pq) there, which differ: what means the same to both is handed over, the rest is translated
 * or left out.
 */
import { resolve } from "node:path";
import { postgresAddress, SYSTEMS_AUTHORITIES, type PostgresAddress } from "../config/postgres-address.ts";

/** What both drivers know, or what only tells Go's how to connect; and Pulumi's own `table`. Go's sends whatever it does not know to PostgreSQL, which refuses it. */
const HANDED_OVER = [
  "sslrootcert", "sslcert", "sslkey", "sslnegotiation", "connect_timeout", "target_session_attrs",
  "options", "application_name", "fallback_application_name", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "table",
] as const;

/** Of these, files: the engine works in a folder of its own. */
const FILES: ReadonlySet<string> = new Set(["sslrootcert", "sslcert", "sslkey"]);

const SSL_MODES: ReadonlySet<string> = new Set(["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]);

/**
 * What the engine keeps of libpq's variables: how to sign in, and how long to wait for it. Of the others Go's driver reads
 * more than node-postgres, and some before the address: it would go elsewhere (PGSERVICE, PGHOSTADDR), or not start at all.
 */
const KEPT: ReadonlySet<string> = new Set(["PGPASSWORD", "PGPASSFILE", "PGSSLCERT", "PGSSLKEY", "PGSSLROOTCERT", "PGSSLNEGOTIATION", "PGSSLSNI", "PGCONNECT_TIMEOUT"]);

export interface EngineBackendOptions {
  /** As an operator sees it in pg_stat_activity. */
  readonly applicationName?: string;
  /** What the engine gets otherwise, the process's own environment included. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * What goes over the rest of the engine's environment. The password has a variable of its own: the engine quotes the
 * address when it cannot connect.
 *
 * @throws UserVpsError CONFIG_INVALID
 */
export function engineBackend(url: string, { applicationName, env = process.env }: EngineBackendOptions = {}): Readonly<Record<string, string | undefined>> {
  if (!/^postgres(ql)?:/.test(url)) return { PULUMI_BACKEND_URL: url };
  const { password, parameters, ...address } = postgresAddress(url);
  const sslMode = sslModeOf(parameters, env["PGSSLMODE"]);
  // As parameters, hosts need no escapes: in the place of the host, Go takes neither a socket's folder nor an IPv6 address without a port.
  const told: Readonly<Record<string, string | undefined>> = {
    ...placeOf(address),
    ...Object.fromEntries(HANDED_OVER.map((name) => [name, FILES.has(name) ? withWholePath(parameters[name]) : parameters[name]])),
    options: parameters["options"] || optionsOfProcess(),
    ...(applicationName !== undefined && { application_name: applicationName }),
    sslmode: sslMode,
  };
  // The engine knows the short scheme alone, and takes the other for an account at Pulumi's own service.
  const backend = new URL(`postgres://${address.url.pathname}`);
  for (const [name, value] of Object.entries(told)) if (value) backend.searchParams.set(name, value);
  const others = Object.keys({ ...process.env, ...env }).filter((name) => name.startsWith("PG") && !KEPT.has(name));
  return {
    ...Object.fromEntries(others.map((name) => [name, undefined])),
    PULUMI_BACKEND_URL: backend.href,
    // Whatever the address says, Go's driver fails for a value there that it does not know.
    PGSSLMODE: sslMode,
    ...(password && { PGPASSWORD: password }),
  };
}

/** What node-postgres sends as well, from the same place as the rest of what the address does not say. */
function optionsOfProcess(): string | undefined {
  const { PGOPTIONS } = process.env;
  return PGOPTIONS;
}

/**
 * As node-postgres completes what the address does not say (pg/lib/connection-parameters.js): from the process's own
 * environment, which the file `.env` is no part of. A database that only the environment names is no part of the keys of the
 * states, so it does not go into the path.
 */
function placeOf({ host, port, user, database }: Pick<PostgresAddress, "host" | "port" | "user" | "database">): Readonly<Record<string, string | undefined>> {
  const { PGHOST, PGPORT, PGUSER, PGDATABASE, USER } = process.env;
  return { host: host || PGHOST || "localhost", port: port || PGPORT || "5432", user: user || PGUSER || USER, dbname: database ? undefined : PGDATABASE };
}

function withWholePath(file: string | undefined): string | undefined {
  return file && file !== SYSTEMS_AUTHORITIES ? resolve(file) : file;
}

/** As node-postgres speaks TLS: with a look at the server's certificate unless it is told otherwise. What Go's driver knows by its name goes over as it is. */
function sslModeOf({ sslmode, ssl, sslcert, sslkey, sslrootcert, sslnegotiation }: Readonly<Record<string, string>>, ofEnvironment: string | undefined): string {
  if (sslmode) return SSL_MODES.has(sslmode) ? sslmode : verified(sslmode);
  if (sslcert || sslkey || sslrootcert) return "verify-full";
  if (ssl !== undefined) return ssl === "" || ssl === "0" ? "disable" : verified(ssl);
  if (sslnegotiation === "direct") return "verify-full";
  if (ofEnvironment === "no-verify") return "require";
  // Other than in an address, 'allow' is no TLS to node-postgres.
  return ofEnvironment !== undefined && ofEnvironment !== "allow" && SSL_MODES.has(ofEnvironment) ? ofEnvironment : "disable";
}

const verified = (mode: string) => (mode === "no-verify" ? "require" : "verify-full");
