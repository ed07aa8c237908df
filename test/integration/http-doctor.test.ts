import assert from "node:assert/strict";
import { beforeEach, describe, it } from "vitest";
import { failed, ok, type AskDoctor } from "../../src/doctor/index.ts";
import { asOperator, asUser } from "../support/tokens.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { withApp } from "../support/http-app.ts";
import type { TestDatabase } from "../support/postgres.ts";

interface Report {
  readonly well: boolean;
  readonly lookedAt: string;
  readonly checks: readonly { readonly check: string; readonly meaning: string; readonly result: string; readonly found: string; readonly mend: string | null }[];
}

const first = await withApp();
const database: TestDatabase = first;
let looks = 0;
beforeEach(() => { looks = 0; });

async function appWith(doctor: AskDoctor) {
  const { app } = await withApp({ database, doctor: () => { looks += 1; return doctor(); } });
  return { app, report: async () => (await app.inject({ url: "/api/admin/doctor", headers: await asOperator() })).json<Report>() };
}

describe("GET /api/admin/doctor", () => {
  it("tells what a worker has found: state, meaning and what to do, in one order", async () => {
    const { report } = await appWith(async () => ({ hostId: "machine-7", findings: [ok("database", "PostgreSQL 18"), failed("clock", "95 s behind", "Set it.")] }));
    const { well, checks } = await report();
    assert.equal(well, false);
    assert.deepEqual(checks.map(({ check, result, found, mend }) => [check, result, found, mend]), [
      ["worker", "ok", "one on machine-7 has looked", null], ["clock", "failed", "95 s behind", "Set it."], ["database", "ok", "PostgreSQL 18", null],
    ]);
    assert.ok(checks.every(({ meaning }) => meaning.endsWith(".")));
  });

  it("without a worker says so, and tells what this process can", async () => {
    for (const [answer, found] of [[undefined, "none has answered in time"], [{ error: "The worker that was at it is gone." }, "The worker that was at it is gone."]] as const) {
      const { report } = await appWith(async () => answer);
      const { well, checks } = await report();
      assert.equal(well, false);
      assert.deepEqual(checks.map(({ check, result }) => [check, result]), [["worker", "failed"], ["database", "ok"], ["migrations", "ok"]]);
      assert.equal(checks[0]!.found, found);
    }
  });

  it("has it looked once for all who ask at a time, and for some seconds after", async () => {
    const release = Promise.withResolvers<void>();
    const { report } = await appWith(async () => { await release.promise; return { hostId: "m", findings: [] }; });
    const asked = [report(), report()];
    release.resolve();
    const [one, two] = await Promise.all(asked);
    assert.equal(one!.well, true);
    assert.deepEqual([one!.lookedAt, (await report()).lookedAt], [two!.lookedAt, two!.lookedAt]);
    assert.equal(looks, 1);
  });

  it("looks again after a look that failed", async () => {
    const { app } = await appWith(async () => { throw new Error("the queue is away"); });
    const headers = await asOperator();
    for (const _ of [1, 2]) assert.equal((await app.inject({ url: "/api/admin/doctor", headers })).statusCode, 500);
    assert.equal(looks, 2);
  });

  it("is for operators", async () => {
    const { app } = await appWith(async () => undefined);
    assertRefusal(await app.inject({ url: "/api/admin/doctor" }), 401, "UNAUTHENTICATED");
    assertRefusal(await app.inject({ url: "/api/admin/doctor", headers: await asUser("alice") }), 403, "SCOPE_MISSING");
    assert.equal((await app.inject({ url: "/api/admin/doctor", headers: await asUser("v", { scope: "vps:viewer" }) })).statusCode, 200);
    assert.equal(looks, 1);
  });
});
