/** The list of users: each filter and each order, alone and together, and what a page of it costs. */
import assert from "node:assert/strict";
import { afterEach, beforeAll, describe, it } from "vitest";
import { VPS_STATUSES } from "../../src/records/index.ts";
import { atEnd } from "../support/at-end.ts";
import { withApp } from "../support/http-app.ts";
import { asOperator } from "../support/tokens.ts";

const { app, pool } = await withApp();
const KVM1 = "hostingercom-vps-kvm1-usd-1m";
const KVM2 = "hostingercom-vps-kvm2-usd-1m";

/** Name, status, plan, data center, age in hours, release, open findings. */
const USERS = [
  ["user2", "ready", KVM1, 9, 1, "1.4.2", ["VmStopped"]],
  ["user10", "failed", KVM1, 9, 2, null, []],
  ["user1", "ready", KVM2, 11, 3, "1.4.1", ["VmStopped", "VmSuspended"]],
  ["anna-9", "queued", KVM2, 9, 4, null, []],
  ["anna-10", "suspended", KVM1, 11, 5, "1.4.2", []],
  ["zoe", "provisioning", KVM1, 11, 6, null, ["VmSuspended"]],
  ["a100-b", "deprovisioning", KVM1, 9, 7, null, []],
  ["a20-b", "deprovisioned", KVM1, 9, 8, null, []],
] as const;

async function seed(): Promise<void> {
  await pool.query("INSERT INTO vps_releases (version, conductor_url, conductor_sha256, created_by) VALUES ('1.4.1', 'https://downloads.example.com/1', '1', 'o'), ('1.4.2', 'https://downloads.example.com/2', '2', 'o')");
  await pool.query("INSERT INTO vps_roll_outs (roll_out_id, version, requested_by, reason, concurrency, max_failures, ended_at, outcome) VALUES ('r1', '1.4.1', 'o', 'r', 1, 1, now(), 'succeeded'), ('r2', '1.4.2', 'o', 'r', 1, 1, now(), 'succeeded')");
  for (const [place, [username, status, plan, dataCenterId, hours, release, findings]] of USERS.entries()) {
    await pool.query(
      `INSERT INTO user_vps (user_id, username, hostname, plan_id, template_id, data_center_id, status, phase, requested_at, updated_at, address, hostinger_vm_id)
       VALUES ('id-of-' || $1, $1, $1 || '.spoq.dev', $2, 1007, $3, $4, 'done', now() - $5 * interval '1 hour', now(), '192.0.2.' || $6::text, 1000 + $6::int)`, [username, plan, dataCenterId, status, hours, place]);
    for (const kind of findings) await pool.query("INSERT INTO vps_findings (kind, subject, user_id, username, declared, actual, first_seen, last_seen) VALUES ($1, $2, 'id-of-' || $2, $2, 'a', 'b', now(), now())", [kind, username]);
    if (release) await pool.query("INSERT INTO vps_roll_out_members (roll_out_id, user_id, username, wave, status, ended_at) VALUES ($1, 'id-of-' || $2, $2, 1, 'succeeded', now())", [release === "1.4.1" ? "r1" : "r2", username]);
  }
  // One that was mended counts no more; one that did not take a release does not have it.
  await pool.query("INSERT INTO vps_findings (kind, subject, user_id, username, declared, actual, first_seen, last_seen, resolved_at) VALUES ('VmStopped', 'zoe', 'id-of-zoe', 'zoe', 'a', 'b', now(), now(), now())");
  await pool.query("INSERT INTO vps_roll_out_members (roll_out_id, user_id, username, wave, status, ended_at) VALUES ('r2', 'id-of-zoe', 'zoe', 1, 'failed', now())");
}

const ALL = ["a20-b", "a100-b", "anna-9", "anna-10", "user1", "user2", "user10", "zoe"];
const CASES: readonly (readonly [query: string, names: readonly string[]])[] = [
  ["", ALL],
  ["order=desc", ALL.toReversed()],
  ["sort=age", ["a20-b", "a100-b", "zoe", "anna-10", "anna-9", "user1", "user10", "user2"]],
  ["sort=age&order=desc", ["user2", "user10", "user1", "anna-9", "anna-10", "zoe", "a100-b", "a20-b"]],
  ["sort=status", ["user10", "anna-9", "zoe", "a100-b", "anna-10", "user1", "user2", "a20-b"]],
  ["sort=status&order=desc", ["a20-b", "user2", "user1", "anna-10", "a100-b", "zoe", "anna-9", "user10"]],
  ["status=ready", ["user1", "user2"]],
  ["status=failed", ["user10"]],
  ["status=queued", ["anna-9"]],
  ["status=suspended", ["anna-10"]],
  ["status=provisioning", ["zoe"]],
  ["status=deprovisioning", ["a100-b"]],
  ["status=deprovisioned", ["a20-b"]],
  [`plan=${KVM2}`, ["anna-9", "user1"]],
  ["plan=of-nobody", []],
  ["dataCenterId=11", ["anna-10", "user1", "zoe"]],
  ["release=1.4.2", ["anna-10", "user2"]],
  ["release=1.4.1", ["user1"]],
  ["release=none", ["a20-b", "a100-b", "anna-9", "user10", "zoe"]],
  ["findings=any", ["user1", "user2", "zoe"]],
  ["findings=none", ["a20-b", "a100-b", "anna-9", "anna-10", "user10"]],
  ["findings=VmStopped", ["user1", "user2"]],
  ["findings=VmSuspended", ["user1", "zoe"]],
  ["search=ANNA", ["anna-9", "anna-10"]],
  ["search=192.0.2.5", ["zoe"]],
  ["search=id-of-user1", ["user1", "user10"]],
  ["search=spoq.dev", ALL],
  ["search=%25", []],
  ["search=_", []],
  [`plan=${KVM1}&dataCenterId=9&status=failed`, ["user10"]],
  ["findings=any&release=1.4.2&search=user", ["user2"]],
  ["limit=3&page=2", ["anna-10", "user1", "user2"]],
  ["limit=3&page=9", []],
];

describe("GET /api/admin/vps", () => {
  beforeAll(seed);
  const get = async (path: string) => (await app.inject({ url: path, headers: await asOperator() })).json<{ items: { username: string; openFindings: number; release: string | null }[]; total: number; nextCursor: string | null }>();
  const names = (page: { items: { username: string }[] }) => page.items.map(({ username }) => username);

  it.each(CASES)("?%s", async (query, wanted) => {
    const page = await get(`/api/admin/vps?${query}`);
    assert.deepEqual(names(page), wanted);
    if (!query.includes("limit")) assert.equal(page.total, wanted.length, "the number of all that fit");
  });

  it("has a case for every status", () => {
    assert.deepEqual(VPS_STATUSES.filter((status) => !CASES.some(([query]) => query === `status=${status}`)), []);
  });

  it("leads from page to page by its cursor, in every order, repeating and skipping nobody", async () => {
    for (const [query, wanted] of CASES.filter(([query]) => !query.includes("limit"))) {
      const seen: string[] = [];
      let cursor: string | null = null;
      for (let pages = 0; pages <= ALL.length; pages += 1) {
        const page = await get(`/api/admin/vps?${query}&limit=2${cursor === null ? "" : `&cursor=${cursor}`}`);
        seen.push(...names(page));
        cursor = page.nextCursor;
        if (cursor === null) break;
      }
      assert.deepEqual(seen, wanted, query);
    }
  });

  it("tells of each how many findings are open, and the release that it took", async () => {
    const { items } = await get("/api/admin/vps?search=user");
    assert.deepEqual(items.map(({ username, openFindings, release }) => [username, openFindings, release]), [["user1", 2, "1.4.1"], ["user2", 1, "1.4.2"], ["user10", 0, null]]);
  });

  it("tells as a VPS's release what a pool gave it, until another one is released to it", async () => {
    await pool.query("UPDATE user_vps SET first_release = '1.4.2' WHERE username IN ('user10', 'user1')");
    try {
      const { items } = await get("/api/admin/vps?search=user");
      assert.deepEqual(items.map(({ username, release }) => [username, release]), [["user1", "1.4.1"], ["user2", "1.4.2"], ["user10", "1.4.2"]]);
      assert.deepEqual(names(await get("/api/admin/vps?search=user&release=1.4.2")), ["user2", "user10"]);
      assert.deepEqual(names(await get("/api/admin/vps?search=user&release=none")), []);
    } finally {
      await pool.query("UPDATE user_vps SET first_release = NULL");
    }
  });

  describe("what the fleet's page asks for first", () => {
    const { query } = pool;
    afterEach(() => { pool.query = query; });

    it("costs the same few statements for few users and for many", async () => {
      let statements = 0;
      pool.query = ((...args: unknown[]) => {
        statements += 1;
        return Reflect.apply(query, pool, args) as unknown;
      }) as typeof pool.query;
      const cost = async (path: string) => {
        statements = 0;
        await get(path);
        return statements;
      };
      const paths = ["/api/admin/vps?sort=name&order=asc&page=1&limit=50", "/api/admin/fleet"];
      // The first who reads the counts after many changes draws them together.
      await get(paths[0]!);
      const few = [await cost(paths[0]!), await cost(paths[1]!)];
      atEnd(() => pool.query("DELETE FROM user_vps WHERE username LIKE 'many%'"));
      await pool.query(`INSERT INTO user_vps (user_id, username, hostname, plan_id, template_id, data_center_id, status, phase, requested_at, updated_at) SELECT 'm' || n, 'many' || n, 'many' || n || '.spoq.dev', 'p', 1007, 9, 'ready', 'done', now(), now() FROM generate_series(1, 500) n`);
      await get(paths[0]!);
      assert.deepEqual([await cost(paths[0]!), await cost(paths[1]!)], few);
      assert.ok(few[0]! >= 1 && few[0]! <= 2 && few[1]! <= 12, `list and fleet take ${String(few)}`);
    });
  });
});
