/**
 * The session that `login` keeps for later commands: a file of the operator's own, for one service.
 * Nothing is loaded to read it, for every command does.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { homeFolder } from "../../../providers/core/this-user.ts";
import type { Environment } from "../../config/index.ts";

export interface KeptSession {
  /** Of the service; without a slash at its end. */
  readonly url: string;
  readonly operator: string;
  readonly role: string;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** `name=value`, as it is sent. */
  readonly cookie: string;
  readonly csrfToken: string;
}

const FIELDS = ["url", "operator", "role", "expiresAt", "cookie", "csrfToken"] as const;
const OTHERS = 0o077;

export function sessionFile(env: Environment): string {
  return join(env["XDG_STATE_HOME"] || join(homeFolder(env), ".local", "state"), "user-vps", "session.json");
}

/** Who has no home has kept nothing, and needs none for what the environment tells. */
function sessionFileIfAny(env: Environment): string | undefined {
  try {
    return sessionFile(env);
  } catch {
    return undefined;
  }
}

export const bareUrl = (url: string) => url.trim().replace(/\/+$/, "");

/** undefined: nobody has logged in. @throws UserVpsError CONFIG_INVALID: others can read it, or it is no session */
export function keptSession(env: Environment): KeptSession | undefined {
  const file = sessionFileIfAny(env);
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
    if ((statSync(file).mode & OTHERS) !== 0) throw new UserVpsError("CONFIG_INVALID", `${file} can be read by others: the session in it counts as known.`, { next: "`user-vps logout` ends it; then log in again." });
  } catch (error) {
    if (error instanceof UserVpsError) throw error;
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw new UserVpsError("CONFIG_INVALID", `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}.`);
  }
  return parse(text) ?? malformed(file);
}

/** The one that is in force: the environment wins, whatever it names. */
export function sessionInForce(env: Environment): KeptSession | undefined {
  const { USER_VPS_URL: url, USER_VPS_TOKEN: token, JWT_SECRET: secret } = env;
  if (token || (!url && secret)) return undefined;
  const session = keptSession(env);
  return session && (!url || bareUrl(url) === session.url) ? session : undefined;
}

/** @throws UserVpsError CONFIG_INVALID */
export function keepSession(env: Environment, session: KeptSession): string {
  const file = sessionFile(env);
  const half = `${file}.${process.pid}`;
  orRefused(file, "written", () => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(half, `${JSON.stringify(session)}\n`, { mode: 0o600 });
    // The mode that is asked for counts only for a file that is made.
    chmodSync(half, 0o600);
    renameSync(half, file);
  });
  return file;
}

export function forgetSession(env: Environment): void {
  const file = sessionFile(env);
  orRefused(file, "removed", () => rmSync(file, { force: true }));
}

/** @throws UserVpsError CONFIG_INVALID, as where a home is read-only */
function orRefused(file: string, what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new UserVpsError("CONFIG_INVALID", `${file} cannot be ${what}: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}.`, { next: "Set XDG_STATE_HOME to a folder that you may write to, or USER_VPS_TOKEN instead of logging in.", cause: error });
  }
}

/** What others could read may still be ended. */
export function anySession(env: Environment): KeptSession | undefined {
  try {
    return parse(readFileSync(sessionFile(env), "utf8"));
  } catch {
    return undefined;
  }
}

function parse(text: string): KeptSession | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<string, unknown>> | null;
    return FIELDS.every((name) => typeof value?.[name] === "string") ? (value as unknown as KeptSession) : undefined;
  } catch {
    return undefined;
  }
}

function malformed(file: string): never {
  throw new UserVpsError("CONFIG_INVALID", `${file} does not hold a session.`, { next: "Remove it, and log in again." });
}

/** Whether somebody has said where the service is. */
export function namesService(env: Environment): boolean {
  return Boolean(env["USER_VPS_URL"]) || sessionInForce(env) !== undefined;
}
