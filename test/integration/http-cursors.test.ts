/** Lists that go by names: what they answer to a cursor that names nothing of theirs. */
import assert from "node:assert/strict";
import { beforeAll, describe, it } from "vitest";
import { requestVps, startRun } from "../../src/records/index.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { withApp } from "../support/http-app.ts";
import { asOperator } from "../support/tokens.ts";

const { app, pool } = await withApp();
const headers = await asOperator();
const list = (path: string) => app.inject({ url: `/api/admin/${path}`, headers });

beforeAll(async () => {
  for (const username of ["alice", "bob"]) {
    await requestVps(pool, { userId: `user_${username}`, username, hostname: `${username}.spoq.dev`, plan: "kvm1", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
    await startRun(pool, { runId: `run-of-${username}`, userId: `user_${username}`, username, operation: "up", workerId: "w", hostId: "h", pid: 1 });
  }
  await pool.query("INSERT INTO vps_releases (version, conductor_url, conductor_sha256, created_by) VALUES ('1.4.1', 'https://downloads.example.com/1', '1', 'o')");
  await pool.query("INSERT INTO vps_roll_outs (roll_out_id, version, requested_by, reason, concurrency, max_failures, ended_at, outcome) VALUES ('r1', '1.4.1', 'o', 'r', 1, 1, now(), 'succeeded')");
});

describe("a cursor that is nothing of its list", () => {
  for (const path of ["vps?cursor=nobody", "vps/alice/runs?cursor=run-of-bob", "releases?cursor=9.9.9", "roll-outs?cursor=r9", "pools?cursor=kvm1-9-1007", "notification-targets?cursor=nobody"]) {
    it(`is refused, and taken for neither end nor beginning: ${path}`, async () => {
      const { details } = assertRefusal(await list(path), 400, "REQUEST_INVALID");
      assert.deepEqual(details?.map((detail) => detail.path), ["query.cursor"]);
    });
  }

  it("breaks an export off that goes on from it", async () => {
    await pool.query("INSERT INTO user_vps (user_id, username, hostname, plan_id, template_id, data_center_id, status, phase, requested_at, updated_at) SELECT 'm' || n, 'many-' || n, 'many-' || n || '.spoq.dev', 'p', 1007, 9, 'deprovisioned', 'done', now(), now() FROM generate_series(1, 1001) n");
    const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
    let parts = 0;
    pool.query = (async (...args: unknown[]) => {
      // Between two parts, the last of the first one is another's name.
      if (String(args[0]).includes("WITH page") && (parts += 1) === 2) await query("UPDATE user_vps SET username = 'renamed-' || username WHERE username LIKE 'many-%'");
      return await query(...args);
    }) as typeof pool.query;
    try {
      await assert.rejects(app.inject({ url: "/api/admin/export/users?search=many-", headers }), "a file that lacks users is not to look whole");
      assert.equal(parts, 2);
    } finally {
      pool.query = query as typeof pool.query;
      await pool.query("DELETE FROM user_vps WHERE username LIKE '%many-%'");
    }
  });
});

describe("a cursor that nothing comes after (any more)", () => {
  for (const path of ["vps?cursor=bob", "vps?cursor=alice&status=suspended", "vps/alice/runs?cursor=run-of-alice", "releases?cursor=1.4.1", "roll-outs?cursor=r1"]) {
    it(`is the list's end: ${path}`, async () => {
      const answer = await list(path);
      assert.deepEqual([answer.statusCode, answer.json().items, answer.json().nextCursor], [200, [], null], answer.body);
    });
  }
});
