/** What is refused of releases and roll-outs before anything is written down or done. */
import assert from "node:assert/strict";
import { beforeAll, describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import { createRelease, createRollOut, findUnfinishedRollOuts } from "../../src/releases/index.ts";
import { withDatabase } from "../support/postgres.ts";
import { insertReadyUser } from "../support/ready-user.ts";

const { pool } = await withDatabase();
const begin = (request: Parameters<typeof createRollOut>[1]) => inTransaction(pool, (db) => createRollOut(db, request));
const version = "1.0";
const conductor = { url: "https://downloads.example.com/conductor", sha256: "ab".repeat(32) };
beforeAll(async () => {
  for (const user of ["anna", "zoe"]) await insertReadyUser(pool, user);
  await pool.query("UPDATE user_vps SET status = 'provisioning' WHERE user_id = 'zoe'");
  await createRelease(pool, { version, conductor }, "operator");
});

describe("what is refused before anything is done", () => {
  it("a second release of the same version with other programs, and one that cannot be verified", async () => {
    assert.equal((await createRelease(pool, { version, conductor }, "another operator")).createdBy, "operator", "the same again is the same");
    await assert.rejects(createRelease(pool, { version, conductor, cli: conductor }, "operator"), /RELEASE_EXISTS: There is a release/);
    await assert.rejects(createRelease(pool, { version: "9.9", conductor: { ...conductor, sha256: "?" } }, "operator"), /INPUT_INVALID: .*conductor\.sha256/);
    await assert.rejects(createRelease(pool, { version: "9.9", conductor: { ...conductor, url: "https://user:fake@example.com/x" } }, "operator"), /INPUT_INVALID: .*user name or password/);
    await assert.rejects(createRelease(pool, { version: "9.9" }, "operator"), /INPUT_INVALID/);
  });

  it("a roll-out of no release, to users who are not ready, or without saying who and why", async () => {
    const request = { version, requestedBy: "operator", reason: "test" };
    await assert.rejects(begin({ ...request, version: "0.0" }), /INPUT_INVALID: There is no release "0\.0"/);
    await assert.rejects(begin({ ...request, version: "\0" }), /INPUT_INVALID: There is no release/);
    await assert.rejects(begin({ ...request, usernames: ["anna", "zoe"] }), /INPUT_INVALID: These users have no VPS that is ready: zoe\./);
    await assert.rejects(begin({ ...request, reason: " " }), /INPUT_INVALID: reason is empty/);
    for (const wrong of [{ maxFailures: 0 }, { maxFailures: 2 ** 31 }, { concurrency: 65 }, { concurrency: 1.5 }]) {
      await assert.rejects(begin({ ...request, ...wrong }), new RegExp(`INPUT_INVALID: ${Object.keys(wrong)[0]}: expected a whole number from 1 to`));
    }
    assert.deepEqual(await findUnfinishedRollOuts(pool), []);
  });
});
