/** Caps, places and the breaker on a real PostgreSQL: what the tests of guards share. */
import assert from "node:assert/strict";
import { UserVpsError } from "../../providers/core/errors.ts";
import { inTransaction } from "../../src/db/index.ts";
import { goOn, noteCertificate, settleFailure, settleSuccess } from "../../src/purchases/index.ts";
import type { RunFailure } from "../../src/purchases/index.ts";
import { setVpsStatus } from "../../src/records/index.ts";
import { eachBeginsEmpty } from "./each-begins-empty.ts";
import { openPurchaseWorlds } from "./purchase-worlds.ts";
import type { PurchaseWorld } from "./purchases.ts";

/** Ends with the file that calls it; each test begins with a closed breaker and no users. */
export async function openGuards() {
  const { pool, url, sandbox, world } = await openPurchaseWorlds();

  eachBeginsEmpty({ pool });

  const names = (count: number, prefix = "user") => Array.from({ length: count }, (_, place) => `${prefix}${place + 1}`);
  const failure = (username: string, more: Partial<RunFailure>): RunFailure => ({ userId: `u-${username}`, askedAt: new Date(), code: "ENGINE_FAILED", message: "it failed", vmId: undefined, isAtRest: false, account: undefined, ...more });
  const settle = (the: PurchaseWorld, username: string, more: Partial<RunFailure>) => inTransaction(pool, (db) => settleFailure(db, the.guard.settings, failure(username, more)));
  /** Those who go on get a job in the service; here their names are noted. */
  async function turn(the: PurchaseWorld): Promise<string[]> {
    const queued: string[] = [];
    const gone = await goOn(the.guard, the.session, async (_db, userId) => void queued.push(userId.slice(2)));
    assert.deepEqual(gone.map((userId) => userId.slice(2)), queued);
    return queued;
  }
  async function waiting(): Promise<[string, string | null, number | null][]> {
    const { rows } = await pool.query<{ username: string; kind: string | null; place: number | null }>("SELECT username, waiting_kind AS kind, waiting_place AS place FROM user_vps WHERE waiting_kind IS NOT NULL ORDER BY waiting_place, username");
    return rows.map(({ username, kind, place }) => [username, kind, place]);
  }
  const refuses = (work: Promise<unknown>, code: string) => assert.rejects(work, (error: unknown) => error instanceof UserVpsError && error.code === code);
  async function signUpAll(the: PurchaseWorld, users: readonly string[]): Promise<void> {
    for (const username of users) await the.signUp(username);
  }
  async function bought(the: PurchaseWorld, username: string, vmId: number): Promise<void> {
    await inTransaction(pool, (db) => settleSuccess(db, `u-${username}`, { vmId, orderId: `o-${vmId}`, subscriptionId: `s-${vmId}` }));
    const { userId, hostname } = await the.record(username);
    await pool.query("UPDATE user_vps SET hostinger_vm_id = $2 WHERE user_id = $1", [userId, vmId]);
    await setVpsStatus(pool, userId, { status: "ready" });
    await noteCertificate(pool, hostname, userId);
  }
  return { pool, url, sandbox, world, names, failure, settle, turn, waiting, refuses, signUpAll, bought };
}
