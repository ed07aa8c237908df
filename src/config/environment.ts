import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserVpsError } from "../../providers/core/errors.ts";
import { parseEnvFile } from "./env-file.ts";
import { namesTls, parsePostgresAddress } from "./postgres-address.ts";
import type { Role } from "./roles.ts";
import type { Environment } from "./settings.ts";

/** Of the stacks' state and of all else. */
const DATABASES = ["DATABASE_URL", "STATE_BACKEND_URL", "PULUMI_BACKEND_URL"] as const;

/** To node-postgres, other words of PGSSLMODE say nothing. */
const SSL_MODES: ReadonlySet<string> = new Set(["disable", "prefer", "require", "verify-ca", "verify-full", "no-verify"]);

/**
 * The environment with the file `.env` of a folder beneath it: what is set in the environment beats
 * the file. A file that is not there is none. PGSSLMODE is told in the addresses of databases that it is for: from a file,
 * no driver would read it.
 *
 * @param role its own file, as `init --split` writes it, takes the place of `.env` where it is there
 */
export function loadEnvironment(env: Environment = process.env, folder: string = currentFolder(), role?: Role): Environment {
  const text = (role && readEnvFile(folder, `${role}.env`)) ?? readEnvFile(folder, ".env") ?? "";
  const all: Environment = { ...parseEnvFile(text), ...env };
  return { ...all, ...Object.fromEntries(DATABASES.filter((name) => all[name]).map((name) => [name, withSslMode(all[name]!, all["PGSSLMODE"])])) };
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
