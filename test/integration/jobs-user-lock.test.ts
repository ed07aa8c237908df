import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
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

/** In a process of its own, so that this one hears nothing of it before it looks. */
const END_LOCKS = `
  import { Client } from ${JSON.stringify(import.meta.resolve("pg"))};
  const client = new Client(process.argv[1]);
  await client.connect();
  await client.query("SELECT pg_terminate_backend(pid, 30000) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  await client.end();
`;

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

  it("that was lost while this process stood still is refused at the first question, whatever the clocks say", async () => {
    const lock = await take("finn");
    assert.ok(lock);
    const stopped = vi.spyOn(performance, "now").mockReturnValue(performance.now());
    atEnd(() => stopped.mockRestore());
    await lock.refuseLost();
    // Nothing is heard of it meanwhile: the event loop stands still, too.
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", END_LOCKS, url], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    assert.equal(lock.lost.aborted, false);
    await assert.rejects(lock.refuseLost(), { code: "RUN_LOST" });
    assert.equal(lock.lost.aborted, true);
  });

  it("goes by no answer that this process may have slept over", async () => {
    const lock = await take("gwen");
    assert.ok(lock);
    const asked = lock.refuseLost();
    const wokenMs = Date.now() + SILENT_SECONDS * 1_000;
    const clock = vi.spyOn(Date, "now").mockReturnValue(wokenMs);
    atEnd(() => clock.mockRestore());
    await assert.rejects(asked, { code: "RUN_LOST", message: /stood still/ });
    assert.equal(lock.lost.aborted, true);
  });

  it("is kept by a process that stood still, if nobody has taken it", async () => {
    const lock = await take("hugo");
    assert.ok(lock);
    const wokenMs = performance.now() + SILENT_SECONDS * 1_000;
    const clock = vi.spyOn(performance, "now").mockReturnValue(wokenMs);
    atEnd(() => clock.mockRestore());
    await lock.refuseLost();
    assert.equal(lock.lost.aborted, false);
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
