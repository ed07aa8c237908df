import assert from "node:assert/strict";
import { afterEach, beforeAll, describe, it } from "vitest";
import { endMember, endRollOut, takeMember } from "../../src/records/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { withApp } from "../support/http-app.ts";
import { insertReadyUser } from "../support/ready-user.ts";
import { asOperator, asUser } from "../support/tokens.ts";

const SHA256 = "ab".repeat(32);
const CONDUCTOR = { url: "https://downloads.example.com/conductor", sha256: SHA256 };
const USERS = ["anna", "bert", "carl"];

const { app, pool, rollOuts } = await withApp();
let operator: Record<string, string>;
beforeAll(async () => {
  operator = await asOperator();
  for (const user of [...USERS, "zoe"]) await insertReadyUser(pool, user);
  await pool.query("UPDATE user_vps SET status = 'failed' WHERE username = 'zoe'");
  const answer = await post("releases", { version: "1.0", conductor: CONDUCTOR });
  assert.equal(answer.statusCode, 201, answer.body);
});
afterEach(async () => {
  rollOuts.enqueued = 0;
  rollOuts.outage = undefined;
  await pool.query("UPDATE vps_roll_outs SET outcome = 'cancelled', ended_at = now() WHERE outcome IS NULL");
});

const post = (path: string, payload?: object, headers = operator) => app.inject({ method: "POST", url: `/api/admin/${path}`, headers, ...(payload && { payload }) });
const get = async (path: string) => {
  const answer = await app.inject({ url: `/api/admin/${path}`, headers: operator });
  assert.equal(answer.statusCode, 200, answer.body);
  return answer.json();
};
const ROLL_OUT = { version: "1.0", confirm: "1.0", reason: "a test" };

describe("POST /api/admin/releases", () => {
  it("makes a release known, with who did it; the same again is the same", async () => {
    const payload = { version: "1.1", conductor: CONDUCTOR, cli: { url: "https://downloads.example.com/spoq", sha256: SHA256 } };
    const first = await post("releases", payload);
    assert.equal(first.statusCode, 201, first.body);
    const { createdAt, ...rest } = first.json();
    assert.deepEqual(rest, { ...payload, createdBy: "operator_1" });
    assert.ok(Date.parse(createdAt) <= Date.now());
    const again = await post("releases", payload, await asUser("other", { scope: "vps:admin" }));
    assert.deepEqual([again.statusCode, again.json()], [201, first.json()]);
  });

  it("refuses another meaning of a version that is known: 409", async () => {
    assertRefusal(await post("releases", { version: "1.0", conductor: { ...CONDUCTOR, sha256: "cd".repeat(32) } }), 409, "RELEASE_EXISTS");
  });

  for (const [what, payload, message] of [
    ["no program", { version: "2.0" }, /needs releaseConductorUrl or releaseCliUrl/],
    ["a checksum that is none", { version: "2.0", cli: { ...CONDUCTOR, sha256: "AB" } }, /cli\.sha256: expected a SHA-256/],
    ["a URL with a password", { version: "2.0", cli: { ...CONDUCTOR, url: "https://user:fake@example.com/x" } }, /user name or password/],
    ["a URL that is none", { version: "2.0", cli: { ...CONDUCTOR, url: "\0" } }, /blanks or characters outside ASCII/],
    ["a version that no file name could hold", { version: "2.0; rm", conductor: CONDUCTOR }, /version: expected 1 to 64/],
    ["a version with NUL", { version: "\0", conductor: CONDUCTOR }, /version: expected 1 to 64/],
  ] as const) {
    it(`refuses ${what}: 422`, async () => {
      assert.match(assertRefusal(await post("releases", payload), 422, "INPUT_INVALID").message, message);
    });
  }

  it("refuses what is no release at all: 400", async () => {
    for (const payload of [{}, { version: 1 }, { version: "2.0", conductor: { url: CONDUCTOR.url } }, { version: "2.0", conductor: CONDUCTOR, extra: 1 }]) assertRefusal(await post("releases", payload), 400, "REQUEST_INVALID");
  });
});

describe("GET /api/admin/releases", () => {
  it("lists them by pages, newest first", async () => {
    for (const version of ["3.0", "3.1", "3.2"]) await post("releases", { version, conductor: CONDUCTOR });
    const first = await get("releases?limit=2");
    assert.deepEqual(first.items.map(({ version }: { version: string }) => version), ["3.2", "3.1"]);
    const second = await get(`releases?limit=1&cursor=${first.nextCursor}`);
    assert.deepEqual([second.items[0].version, second.items[0].cli], ["3.0", null]);
  });
});

describe("POST /api/admin/roll-outs", () => {
  it("records who gets it in which wave, who asked and why, and queues it", async () => {
    const answer = await post("roll-outs", { ...ROLL_OUT, waves: ["1", "rest"], concurrency: 3, maxFailures: 2, snapshot: true });
    assert.equal(answer.statusCode, 202, answer.body);
    const { rollOutId, createdAt: _, ...rest } = answer.json();
    assert.deepEqual(rest, {
      version: "1.0", requestedBy: "operator_1", reason: "a test", concurrency: 3, maxFailures: 2, snapshot: true, endedAt: null, outcome: null, cancelledBy: null,
      counts: { waiting: 3, running: 0, succeeded: 0, failed: 0, skipped: 0 },
    });
    assert.equal(answer.headers.location, `/api/admin/roll-outs/${rollOutId}`);
    assert.equal(rollOuts.enqueued, 1);
    const { members, ...same } = await get(`roll-outs/${rollOutId}`);
    assert.deepEqual(same, answer.json());
    assert.deepEqual(members.map(({ username, wave, status }: Record<string, unknown>) => [username, wave, status]), [["anna", 1, "waiting"], ["bert", 2, "waiting"], ["carl", 2, "waiting"]]);
  });

  it("is for the users who are named, in their order", async () => {
    const { rollOutId } = (await post("roll-outs", { ...ROLL_OUT, usernames: ["carl", "anna"] })).json();
    const { members, ...rollOut } = await get(`roll-outs/${rollOutId}`);
    assert.deepEqual(members.map(({ username, wave }: Record<string, unknown>) => [username, wave]), [["carl", 1], ["anna", 2]]);
    assert.deepEqual([rollOut.concurrency, rollOut.maxFailures, rollOut.snapshot], [2, 1, false]);
  });

  it("records nothing if it cannot be queued: 503", async () => {
    rollOuts.outage = Object.assign(new Error("away"), { code: "ECONNREFUSED" });
    const before = (await get("roll-outs")).items.length;
    assertRefusal(await post("roll-outs", ROLL_OUT), 503, "DATABASE_FAILED");
    assert.equal((await get("roll-outs")).items.length, before);
  });

  it("refuses a second one while one is open: 409", async () => {
    await post("roll-outs", ROLL_OUT);
    assertRefusal(await post("roll-outs", ROLL_OUT), 409, "ROLL_OUT_OPEN");
    assert.equal(rollOuts.enqueued, 1);
  });

  it("refuses another text than the version as confirm: 422, and changes nothing", async () => {
    for (const confirm of ["", "1.1", "1.0 ", "\0"]) assertRefusal(await post("roll-outs", { ...ROLL_OUT, confirm }), 422, "CONFIRMATION_WRONG");
    assertRefusal(await post("roll-outs", { version: "1.0", reason: "a test" }), 400, "REQUEST_INVALID");
    assert.equal(rollOuts.enqueued, 0);
  });

  for (const [what, payload, message] of [
    ["a release that nobody knows", { version: "0.1", confirm: "0.1" }, /There is no release "0\.1"/],
    ["a version with NUL", { version: "\0", confirm: "\0" }, /There is no release/],
    ["a user who is not ready", { usernames: ["anna", "zoe", "nobody"] }, /no VPS that is ready: zoe, nobody/],
    ["waves that leave somebody out", { waves: ["1", "10%"] }, /the last one to be 'rest'/],
    ["a wave that is none", { waves: ["-1", "rest"] }, /The wave "-1" cannot be used/],
    ["no VPS at a time", { concurrency: 0 }, /concurrency: expected a whole number from 1 to 64/],
    ["more failures than can be counted", { maxFailures: Number.MAX_SAFE_INTEGER }, /maxFailures: expected a whole number from 1 to/],
    ["a reason that is blank", { reason: "  " }, /reason is empty/],
  ] as const) {
    it(`refuses ${what}: 422`, async () => {
      assert.match(assertRefusal(await post("roll-outs", { ...ROLL_OUT, ...payload }), 422, "INPUT_INVALID").message, message);
      assert.equal(rollOuts.enqueued, 0);
    });
  }

  it("refuses what is malformed: 400", async () => {
    for (const payload of [{ usernames: [] }, { usernames: ["No_Body"] }, { waves: "rest" }, { concurrency: 1.5 }, { snapshot: "yes" }, { reason: "a\0b" }, { extra: 1 }]) assertRefusal(await post("roll-outs", { ...ROLL_OUT, ...payload }), 400, "REQUEST_INVALID");
  });
});

describe("GET /api/admin/roll-outs", () => {
  it("tells what became of each VPS, with the run and the error", async () => {
    const { rollOutId } = (await post("roll-outs", { ...ROLL_OUT, waves: ["rest"] })).json();
    for (const end of [{ status: "succeeded" }, { status: "failed", errorCode: "RELEASE_FAILED", message: "rolled back" }] as const) {
      await endMember(pool, (await takeMember(pool, rollOutId, 1, `run-${end.status}`))!, end);
    }
    await endRollOut(pool, rollOutId, "stopped");
    const { members, counts, outcome } = await get(`roll-outs/${rollOutId}`);
    assert.deepEqual([outcome, counts], ["stopped", { waiting: 0, running: 0, succeeded: 1, failed: 1, skipped: 1 }]);
    assert.deepEqual(members.map(({ username, status, runId, errorCode, message, startedAt }: Record<string, unknown>) => [username, status, runId, errorCode, message, startedAt !== null]), [
      ["anna", "succeeded", "run-succeeded", null, null, true],
      ["bert", "failed", "run-failed", "RELEASE_FAILED", "rolled back", true],
      ["carl", "skipped", null, null, "The roll-out was stopped.", false],
    ]);
    const { items, nextCursor } = await get("roll-outs?limit=1");
    assert.deepEqual([items[0].rollOutId, items[0].counts.failed, nextCursor], [rollOutId, 1, rollOutId]);
    assert.notEqual((await get(`roll-outs?limit=1&cursor=${nextCursor}`)).items[0].rollOutId, rollOutId);
  });

  it("counts those all of whose VPSs have come to their end once, and the others each time", async () => {
    const { rollOutId } = (await post("roll-outs", { ...ROLL_OUT, waves: ["rest"] })).json();
    const countsNow = async () => {
      const { counts } = (await get("roll-outs?limit=1")).items[0];
      return [counts.waiting, counts.running, counts.succeeded, counts.skipped];
    };
    const member = (await takeMember(pool, rollOutId, 1, "run-1"))!;
    assert.deepEqual(await countsNow(), [2, 1, 0, 0]);
    await endRollOut(pool, rollOutId, "cancelled");
    assert.deepEqual(await countsNow(), [0, 1, 0, 2], "one is still under way");
    await endMember(pool, member, { status: "succeeded" });
    assert.deepEqual(await countsNow(), [0, 0, 1, 2]);
    // As nothing does: whoever counts would see it.
    await pool.query("UPDATE vps_roll_out_members SET status = 'skipped' WHERE roll_out_id = $1", [rollOutId]);
    assert.deepEqual(await countsNow(), [0, 0, 1, 2]);
  });

  it("tells of the VPSs that are asked for alone: in one status, changed since, so many at most; the numbers are of all", async () => {
    const { rollOutId } = (await post("roll-outs", { ...ROLL_OUT, waves: ["rest"] })).json();
    await endMember(pool, (await takeMember(pool, rollOutId, 1, "run-1"))!, { status: "failed" });
    await endMember(pool, (await takeMember(pool, rollOutId, 1, "run-2"))!, { status: "succeeded" });
    await pool.query("UPDATE vps_roll_out_members SET ended_at = '2026-01-01T00:00:00Z' WHERE roll_out_id = $1 AND username = 'anna'", [rollOutId]);
    const told = async (query: string) => {
      const { members, counts } = await get(`roll-outs/${rollOutId}?${query}`) as { members: { username: string }[]; counts: Record<string, number> };
      assert.deepEqual([counts["failed"], counts["succeeded"], counts["waiting"]], [1, 1, 1]);
      return members.map(({ username }) => username);
    };
    assert.deepEqual(await told(""), ["anna", "bert", "carl"]);
    assert.deepEqual(await told("status=failed"), ["anna"]);
    assert.deepEqual(await told("changedSince=1970-01-01T00:00:00Z"), ["anna", "bert"]);
    assert.deepEqual(await told("changedSince=2026-01-01T00:00:00.001Z"), ["bert"]);
    assert.deepEqual(await told("limit=2"), ["anna", "bert"]);
    for (const query of ["status=gone", "limit=0", "limit=1001", "changedSince=yesterday", "other=1"]) assertRefusal(await app.inject({ url: `/api/admin/roll-outs/${rollOutId}?${query}`, headers: operator }), 400, "REQUEST_INVALID");
  });

  it("does not know a roll-out that is none: 404", async () => {
    assertRefusal(await app.inject({ url: "/api/admin/roll-outs/none", headers: operator }), 404, "ROLL_OUT_NOT_FOUND");
    assertRefusal(await post("roll-outs/none/cancel"), 404, "ROLL_OUT_NOT_FOUND");
    assertRefusal(await app.inject({ url: "/api/admin/roll-outs/a%00b", headers: operator }), 400, "REQUEST_INVALID");
  });
});

describe("POST /api/admin/roll-outs/{rollOutId}/cancel", () => {
  it("begins with nobody else, records who cancelled it, and refuses a second time: 409", async () => {
    const { rollOutId } = (await post("roll-outs", { ...ROLL_OUT, waves: ["rest"] })).json();
    await takeMember(pool, rollOutId, 1, "a-run");
    const answer = await post(`roll-outs/${rollOutId}/cancel`);
    assert.equal(answer.statusCode, 202, answer.body);
    const { outcome, cancelledBy, counts } = answer.json();
    assert.deepEqual([outcome, cancelledBy, counts.running, counts.skipped], ["cancelled", "operator_1", 1, 2]);
    assertRefusal(await post(`roll-outs/${rollOutId}/cancel`), 409, "STATUS_CONFLICT");
    assert.equal((await post("roll-outs", ROLL_OUT)).statusCode, 202, "another one may follow");
  });
});

describe("releases and roll-outs", () => {
  it("are for operators alone", async () => {
    for (const path of ["releases", "roll-outs", "roll-outs/none/cancel"]) assertRefusal(await post(path, ROLL_OUT, await asUser("anna")), 403, "SCOPE_MISSING");
    for (const path of ["releases", "roll-outs", "roll-outs/none"]) assertRefusal(await app.inject({ url: `/api/admin/${path}` }), 401, "UNAUTHENTICATED");
  });
});
