import { execFile } from "node:child_process";
import { promisify } from "node:util";

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
  await run("groupadd", ["--system", "--force", "postgres"]);
  // Another process may be making the same user: what counts is that there is one afterwards.
  await run("useradd", ["--system", "--gid", "postgres", "--no-create-home", "postgres"]).catch(() => undefined);
  const made = await userNamedPostgres();
  if (!made) throw new Error("PostgreSQL does not run as root, and the user 'postgres' could not be made.");
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
