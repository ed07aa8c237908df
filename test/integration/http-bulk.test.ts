/** POST /api/admin/bulk, as a program asks for it. */
import assert from "node:assert/strict";
import { beforeAll, describe, it } from "vitest";
import { requestVps, setVpsStatus } from "../../src/records/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { withApp } from "../support/http-app.ts";
import { asOperator } from "../support/tokens.ts";

const { app, pool, jobs } = await withApp();
const headers = await asOperator();
const ask = (path: string, payload: object) => app.inject({ method: "POST", url: `/api/admin/${path}`, headers, payload });

beforeAll(async () => {
  for (const username of ["alice", "bob"]) {
    await requestVps(pool, { userId: `user_${username}`, username, hostname: `${username}.spoq.dev`, plan: "kvm1", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
    await setVpsStatus(pool, `user_${username}`, { status: "failed", errorCode: "VM_ERROR", reason: "an example", nextStep: "Look." });
  }
});

describe("a bulk action", () => {
  it("is refused where it names neither users nor a filter: that is not everybody", async () => {
    for (const [path, more] of [["bulk/preview", {}], ["bulk", { reason: "an example" }]] as const) {
      assert.match(assertRefusal(await ask(path, { action: "retry", ...more }), 400, "REQUEST_INVALID").message, /expected usernames, or a filter/);
    }
    assert.deepEqual(jobs.enqueued, []);
    const all = await ask("bulk/preview", { action: "retry", filter: {} });
    assert.deepEqual([all.statusCode, all.json().touched], [200, ["alice", "bob"]], all.body);
  });

  it("tells of names that are no user's, and of none that a filter leaves out", async () => {
    const { touched, left } = (await ask("bulk/preview", { action: "retry", usernames: ["alice", "alcie", "alcie"] })).json();
    assert.deepEqual([touched, left], [["alice"], [{ username: "alcie", why: "There is no such user." }]]);
    const fitting = (await ask("bulk/preview", { action: "retry", usernames: ["alice", "bob"], filter: { search: "alice" } })).json();
    assert.deepEqual([fitting.touched, fitting.left], [["alice"], []]);
  });
});
