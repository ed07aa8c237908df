/** The user whom an operator's request is about. */
import { z } from "zod";
import type { Queryable } from "../db/queryable.ts";
import { findVpsByUsername, lockVps, type VpsRecord, type VpsStatus } from "../records/index.ts";
import { HttpError } from "./http-error.ts";

export const USERNAME_PARAMS = z.object({ username: z.string().min(1).max(63).regex(/^[a-z0-9-]+$/, "expected a user name") });

export async function findUser(db: Queryable, username: string): Promise<VpsRecord> {
  const record = await findVpsByUsername(db, username);
  if (!record) throw new HttpError("USER_NOT_FOUND", `There is no user '${username}'.`);
  return record;
}

/** As it stays until the transaction's end: what is asked for at the same time, a suspension for one, comes before or after. */
export async function lockUser(db: Queryable, username: string): Promise<VpsRecord> {
  const { userId } = await findUser(db, username);
  await lockVps(db, userId);
  return await findUser(db, username);
}

/** Refuses what does not fit the user's present status. */
export function statusConflict({ username, status }: VpsRecord, wanted: string, fitting: readonly VpsStatus[]): HttpError {
  return new HttpError("STATUS_CONFLICT", `${wanted} needs one of the statuses ${fitting.join(", ")}; '${username}' is '${status}'.`);
}
