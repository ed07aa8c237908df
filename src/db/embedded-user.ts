import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserVpsError } from "../../providers/core/errors.ts";

const run = promisify(execFile);

/** Whom the server runs as. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root, so root runs it as the user `postgres`, who is made if there is
 * none. Anybody else runs it as themselves: undefined.
 */
export async function serverUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const existing = await userNamedPostgres();
  if (existing) return existing;
  await run("groupadd", ["--system", "--force", "postgres"]).catch(() => undefined);
  // Another process may be making the same user: what counts is that there is one afterwards.
  await run("useradd", ["--system", "--gid", "postgres", "--no-create-home", "postgres"]).catch(() => undefined);
  const made = await userNamedPostgres();
  if (!made) {
    throw new UserVpsError("DATABASE_FAILED", "PostgreSQL does not run as root, and the user 'postgres', as whom it would run, could not be made.", {
      next: "Make a system user 'postgres', run as another user than root, or set DATABASE_URL to a PostgreSQL of your own.",
    });
  }
  return made;
}

async function userNamedPostgres(): Promise<ServerUser | undefined> {
  try {
    const [uid, gid] = await Promise.all(["-u", "-g"].map(async (flag) => Number((await run("id", [flag, "postgres"])).stdout)));
    return { uid: uid!, gid: gid! };
  } catch {
    return undefined;
  }
}
