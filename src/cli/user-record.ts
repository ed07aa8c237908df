import { UserVpsError } from "../../providers/core/errors.ts";
import { inSeconds, SECOND_MS } from "../../providers/core/time.ts";
import { parseUsername } from "../../stacks/username.ts";
import type { Queryable } from "../db/index.ts";
import { findVpsByUsername } from "../records/find-vps.ts";
import type { VpsRecord } from "../records/index.ts";

export async function recordOf(db: Queryable, username: string): Promise<VpsRecord> {
  const record = await findVpsByUsername(db, parseUsername(username));
  if (!record) throw new UserVpsError("INPUT_INVALID", `The service knows no user '${username}'.`, { next: "Check the name, and that DATABASE_URL is the service's." });
  return record;
}

/** `provisioning, health: waiting for DNS` */
export function statusLine(vps: { readonly status: string; readonly phase: string | null; readonly waitingFor: string | null; readonly waiting?: { readonly place: number | null; readonly usualSeconds: number | null } | null; readonly failure: { readonly code: string | null; readonly reason: string } | null }): string {
  if (vps.failure) return `${vps.status}: ${vps.failure.code ? `${vps.failure.code}: ` : ""}${vps.failure.reason}`;
  const phase = vps.phase && vps.phase !== "done" && vps.phase !== vps.status ? `, ${vps.phase}` : "";
  const place = vps.waiting?.place ? ` (place ${vps.waiting.place})` : "";
  const usual = vps.waiting?.usualSeconds ? ` (usually ${inSeconds(vps.waiting.usualSeconds * SECOND_MS)})` : "";
  return `${vps.status}${phase}${vps.waitingFor ? `: ${vps.waitingFor}` : ""}${place}${usual}`;
}
