/** A VPS that is put back while its roll-out ends: two transactions at once, in either order. */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import { endRollOut, putBackMember, takeMember } from "../../src/records/index.ts";
import type { RunningMember } from "../../src/records/index.ts";
import { createRelease, createRollOut, listMembers } from "../../src/releases/index.ts";
import { untilLocksAreWaitedFor } from "../support/lock-waits.ts";
import { withDatabase } from "../support/postgres.ts";
import { insertReadyUser } from "../support/ready-user.ts";

const { pool } = await withDatabase();
let member: RunningMember;
let next = 1;

beforeEach(async () => {
  if (next === 1) await insertReadyUser(pool, "alice");
  const version = `1.${next++}`;
  await createRelease(pool, { version, conductor: { url: "https://downloads.example.com/conductor", sha256: "ab".repeat(32) } }, "operator");
  const { rollOutId } = await inTransaction(pool, (db) => createRollOut(db, { version, requestedBy: "operator", reason: "a test" }));
  member = (await takeMember(pool, rollOutId, 1, "run"))!;
});

const putBack = () => inTransaction(pool, (db) => putBackMember(db, member));
const end = () => inTransaction(pool, (db) => endRollOut(db, member.rollOutId, "cancelled", "operator"));
const membersNow = async () => (await listMembers(pool, member.rollOutId)).map(({ status, message }) => [status, message]);

/** `first` has done its part and is about to commit when `second` comes. */
async function atOnce(first: typeof putBackMember | typeof endRollOut, second: () => Promise<unknown>): Promise<void> {
  let other: Promise<unknown> | undefined;
  await inTransaction(pool, async (db) => {
    await (first === putBackMember ? putBackMember(db, member) : endRollOut(db, member.rollOutId, "cancelled", "operator"));
    other = second();
    other.catch(() => undefined);
    await untilLocksAreWaitedFor(pool);
  });
  await other;
}

describe("a VPS that is put back while its roll-out ends", () => {
  it("is skipped where the end comes first", async () => {
    await atOnce(endRollOut, putBack);
    assert.deepEqual(await membersNow(), [["skipped", "The roll-out was cancelled."]]);
  });

  it("is skipped where the end comes second", async () => {
    await atOnce(putBackMember, end);
    assert.deepEqual(await membersNow(), [["skipped", "The roll-out was cancelled."]]);
  });
});
