import assert from "node:assert/strict";
import { describe, it, vi } from "vitest";
import { SILENT_SECONDS } from "../../src/jobs/session-lock.ts";
import { CANCEL_CHANNEL, tryLockUser } from "../../src/jobs/user-lock.ts";
import { atEnd } from "../support/at-end.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool, url } = await withDatabase();

/** Let go at the test's end at the latest. */
async function take(userId: string) {
  const lock = await tryLockUser(url, userId);
  atEnd(() => lock?.release());
  return lock;
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });
}

describe("tryLockUser", () => {
  it("gives the lock to one of many, and to another when that one is done", async () => {
    const locks = await Promise.all(Array.from({ length: 8 }, () => take("amy")));
    const taken = locks.filter((lock) => lock !== undefined);
    assert.equal(taken.length, 1);
    const other = await take("bea");
    assert.ok(other, "another user's lock is free");
    await taken[0]!.release();
    assert.ok(await take("amy"));
  });

  it("tells at once when its session is gone, and the lock is free", async () => {
    const lock = await take("cleo");
    assert.ok(lock);
    const lost = aborted(lock.lost);
    await pool.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
    assert.equal(((await lost) as { code?: string }).code, "RUN_LOST");
    assert.ok(await take("cleo"));
  });

  it("is not sure of a lock of which it has heard nothing for as long as nobody may be silent: it counts as lost", async () => {
    const lock = await take("finn");
    assert.ok(lock);
    lock.refuseLost();
    const nowMs = performance.now();
    const clock = vi.spyOn(performance, "now").mockReturnValue(nowMs + (SILENT_SECONDS - 1) * 1_000);
    try {
      assert.throws(lock.refuseLost, { code: "RUN_LOST" });
    } finally {
      clock.mockRestore();
    }
    assert.equal(lock.lost.aborted, true);
  });

  it("hears when the user's run is to be cancelled, and nobody else's", async () => {
    const [dora, ella] = [await take("dora"), await take("ella")];
    assert.ok(dora && ella);
    const cancelled = aborted(dora.cancelled);
    await pool.query("SELECT pg_notify($1, 'dora')", [CANCEL_CHANNEL]);
    assert.equal(((await cancelled) as { code?: string }).code, "CANCELLED");
    assert.equal(ella.cancelled.aborted, false);
  });
});
