import { reasonOf, UserVpsError } from "../../../providers/core/errors.ts";
import { VARIABLES } from "../../config/index.ts";
import type { Environment } from "../../config/index.ts";
import { createPool } from "../../db/index.ts";
import type { StatePlace } from "../../provisioning/state-place.ts";
import { findVpsByUsername } from "../../records/find-vps.ts";

/** Of PostgreSQL: no such table, no such column. A database that no service has used, or only one of before, knows nobody. */
const KNOWS_NOBODY: ReadonlySet<unknown> = new Set(["42P01", "42703"]);

/**
 * A user of the service whose stack is not made yet gets it from there: as whom the service knows, in the books and
 * within the limits of purchases. One that is made here would be installed for another owner, and the service's run refused.
 *
 * @throws UserVpsError INPUT_INVALID; DATABASE_FAILED if it cannot be told
 */
export async function refuseUserOfService(env: Environment, state: StatePlace, username: string): Promise<void> {
  const url = env[VARIABLES.databaseUrl.name] || (state.namedBy === "PULUMI_BACKEND_URL" ? "" : state.url);
  if (!/^postgres(ql)?:/.test(url)) return;
  const pool = createPool({ url, name: "user-vps cli", max: 1 });
  try {
    const record = await findVpsByUsername(pool, username).catch((error: { code?: unknown }) => {
      if (KNOWS_NOBODY.has(error.code)) return undefined;
      throw new UserVpsError("DATABASE_FAILED", `Whether ${username} is a user of the service cannot be told: ${reasonOf(error)}.`, { cause: error });
    });
    if (!record || record.status === "deprovisioned") return;
    throw new UserVpsError("INPUT_INVALID", `${username} is a user of the service (${record.status}) and has no stack yet. Made here, the VPS would be another owner's to the service, and bought past its limits. Nothing was done.`, {
      next: `\`user-vps status ${username}\` tells what is waited for, and \`user-vps retry ${username}\` has the service go on. A stack that was lost is made anew by \`user-vps rotate ${username}\`.`,
    });
  } finally {
    await pool.end();
  }
}
