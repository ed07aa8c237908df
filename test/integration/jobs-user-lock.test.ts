import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { CANCEL_CHANNEL, tryLockUser } from "../../src/jobs/user-lock.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool, url } = await withDatabase();

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });
}

describe("tryLockUser", () => {
  it("gives the lock to one of many, and to another when that one is done", async () => {
    const locks = await Promise.all(Array.from({ length: 8 }, () => tryLockUser(url, "amy")));
    const taken = locks.filter((lock) => lock !== undefined);
    assert.equal(taken.length, 1);
    const other = await tryLockUser(url, "bea");
    assert.ok(other, "another user's lock is free");
    await taken[0]!.release();
    const next = await tryLockUser(url, "amy");
    assert.ok(next);
    await Promise.all([next.release(), other.release()]);
  });

  it("tells at once when its session is gone, and the lock is free", async () => {
    const lock = await tryLockUser(url, "cleo");
    assert.ok(lock);
    const lost = aborted(lock.lost);
    await pool.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
    assert.equal(((await lost) as { code?: string }).code, "RUN_LOST");
    const next = await tryLockUser(url, "cleo");
    assert.ok(next);
    await Promise.all([lock.release(), next.release()]);
  });

  it("hears when the user's run is to be cancelled, and nobody else's", async () => {
    const [dora, ella] = [await tryLockUser(url, "dora"), await tryLockUser(url, "ella")];
    assert.ok(dora && ella);
    const cancelled = aborted(dora.cancelled);
    await pool.query("SELECT pg_notify($1, 'dora')", [CANCEL_CHANNEL]);
    assert.equal(((await cancelled) as { code?: string }).code, "CANCELLED");
    assert.equal(ella.cancelled.aborted, false);
    await Promise.all([dora.release(), ella.release()]);
  });
});
