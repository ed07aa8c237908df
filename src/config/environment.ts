import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { UserVpsError } from "../../providers/core/errors.ts";
import { parseEnvFile } from "./env-file.ts";
import { namesTls, parsePostgresAddress, SYSTEMS_AUTHORITIES } from "./postgres-address.ts";
import type { Role } from "./roles.ts";
import type { Environment } from "./settings.ts";

/** Of the stacks' state and of all else. */
const DATABASES = ["DATABASE_URL", "STATE_BACKEND_URL", "PULUMI_BACKEND_URL"] as const;

/** What names a file or a folder. An engine, its providers, a slot and PostgreSQL work in folders of their own. */
const PATHS = [
  "USER_VPS_DATA_FOLDER", "PULUMI_HOME", "PULUMI_CONFIG_PASSPHRASE_FILE", "HOSTINGER_API_KEY_FILE", "NOTIFICATION_TARGETS_FILE", "USER_VPS_CA_FILE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE",
  "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGPASSFILE",
  // Of key services, and of state in a bucket.
  "GOOGLE_APPLICATION_CREDENTIALS", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "VAULT_CACERT",
] as const;

/** To node-postgres, other words of PGSSLMODE say nothing. */
const SSL_MODES: ReadonlySet<string> = new Set(["disable", "prefer", "require", "verify-ca", "verify-full", "no-verify"]);

/**
 * The environment with the file `.env` of a folder beneath it: what is set in the environment beats
 * the file. A file that is not there is none. PGSSLMODE is told in the addresses of databases that it is for: from a file,
 * no driver would read it. Files and folders that are named from this folder get their whole path.
 *
 * @param role its own file, as `init --split` writes it, takes the place of `.env` where it is there
 */
export function loadEnvironment(env: Environment = process.env, folder: string = currentFolder(), role?: Role): Environment {
  const text = (role && readEnvFile(folder, `${role}.env`)) ?? readEnvFile(folder, ".env") ?? "";
  const all: Environment = { ...parseEnvFile(text), ...env };
  const each = (names: readonly string[], change: (value: string) => string) => Object.fromEntries(names.filter((name) => all[name]).map((name) => [name, change(all[name]!)]));
  const files = PATHS.filter((name) => name !== "PGSSLROOTCERT" || all[name] !== SYSTEMS_AUTHORITIES);
  return { ...all, ...each(DATABASES, (url) => withWholePath(withSslMode(url, all["PGSSLMODE"]), folder)), ...each(files, (path) => resolve(folder, path)) };
}

/** `file://.` and `file://./state` are Pulumi's own words for where it runs, and `~` is the user's home: what would be elsewhere, and be cleared away with a run's folder, is told in full. */
function withWholePath(url: string, folder: string): string {
  const [, path, query] = /^file:\/\/([^?]*)(.*)$/s.exec(url) ?? [];
  return path === undefined || /^[/~]/.test(path) ? url : `file://${resolve(folder, path)}${query}`;
}

function withSslMode(text: string, mode: string | undefined): string {
  const address = parsePostgresAddress(text);
  if (!address || mode === undefined || !SSL_MODES.has(mode) || namesTls(address.parameters)) return text;
  address.url.searchParams.set("sslmode", mode);
  return address.url.href;
}

/** @throws UserVpsError CONFIG_INVALID: it was removed meanwhile, and has no path any more */
export function currentFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new UserVpsError("CONFIG_INVALID", "The current folder is no longer there.", { next: "Change into one that is, and run it again.", cause: error });
  }
}

/** undefined if it is not there. */
export function readEnvFile(folder: string, name: string): string | undefined {
  const file = join(folder, name);
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new UserVpsError("CONFIG_INVALID", `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}.`);
  }
}
