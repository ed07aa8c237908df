/**
 * The address of a PostgreSQL, read in one way for all that connect there: node-postgres reads what is taken here just so,
 * and the engine, whose driver is another, is told what was read.
 */
import { UserVpsError } from "../../providers/core/errors.ts";

export const POSTGRES_ADDRESS = "a postgres:// URL; in a password, % # / ? @ are written %25 %23 %2F %3F %40";

/** In place of a file with the authorities of servers' certificates: those of the system, to libpq and Go's driver. */
export const SYSTEMS_AUTHORITIES = "system";

export interface PostgresAddress {
  /** One's own, to be changed at will. */
  readonly url: URL;
  /** Empty where it names none, as all of these. */
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** @returns undefined if it is none: node-postgres would take a '%' that stands for itself, in ways of its own, and Go takes the whole for no URL */
export function parsePostgresAddress(text: string): PostgresAddress | undefined {
  const url = URL.parse(text);
  if (!url || !/^postgres(ql)?:\/\//.test(url.href)) return undefined;
  const parameters: Readonly<Record<string, string>> = Object.fromEntries(url.searchParams);
  try {
    return {
      url,
      host: parameters["host"] || decodeURIComponent(url.hostname).replace(/^\[(.+)\]$/, "$1"),
      port: parameters["port"] || url.port,
      user: parameters["user"] || decodeURIComponent(url.username),
      password: parameters["password"] || decodeURIComponent(url.password),
      database: decodeURIComponent(url.pathname).replace(/^\//, ""),
      parameters,
    };
  } catch {
    return undefined;
  }
}

/** @throws UserVpsError CONFIG_INVALID; without the text, which may hold a password */
export function postgresAddress(text: string): PostgresAddress {
  const address = parsePostgresAddress(text);
  if (!address) throw new UserVpsError("CONFIG_INVALID", `The address of a PostgreSQL cannot be used: expected ${POSTGRES_ADDRESS}.`, { next: "Mend it where it is set: DATABASE_URL, STATE_BACKEND_URL or PULUMI_BACKEND_URL." });
  return address;
}

/** Whether it says itself if TLS is spoken, and how. */
export function namesTls({ sslmode, ssl, sslcert, sslkey, sslrootcert, sslnegotiation }: PostgresAddress["parameters"]): boolean {
  return Boolean(sslmode || sslcert || sslkey || sslrootcert) || ssl !== undefined || sslnegotiation === "direct";
}
