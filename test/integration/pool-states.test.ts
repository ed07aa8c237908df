/** What becomes of a pool's member: the statements, tried from each state, against what is drawn. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeAll, describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import type { Queryable } from "../../src/db/queryable.ts";
import {
  claimPoolMember, findPoolMember, findVpsByUserId, notePoolMemberDelivered, notePoolMemberFailed, notePoolMemberReady, notePoolMemberRetired, notePoolMemberRetried,
  POOL_MEMBER_STATES, requestVps, retireGoneMembers, retirePoolMember, savePool, setPoolMemberAside,
} from "../../src/records/index.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool } = await withDatabase();
const KIND = { plan: "p", dataCenterId: 9, templateId: 1007 };
const request = (username: string) => ({ userId: `u-${username}`, username, hostname: `${username}.spoq.dev`, ...KIND, sshPublicKey: null });

/** Whatever writes the state. */
const STATEMENTS: Readonly<Record<string, (db: Queryable) => Promise<unknown>>> = {
  ready: (db) => notePoolMemberReady(db, "m-1", 17),
  failed: (db) => notePoolMemberFailed(db, "m-1", "an example", 3),
  retried: (db) => notePoolMemberRetried(db, "m-1"),
  claim: async (db) => claimPoolMember(db, (await findVpsByUserId(db, "u-bob"))!),
  delivered: (db) => notePoolMemberDelivered(db, "u-alice"),
  aside: (db) => setPoolMemberAside(db, "u-alice", "an example"),
  retire: (db) => retirePoolMember(db, "m-1", "an example"),
  retired: (db) => notePoolMemberRetired(db, "m-1"),
  "given up by its user": (db) => notePoolMemberRetired(db, "u-alice"),
  gone: (db) => retireGoneMembers(db, ["m-1"]),
};

/** `from -> to`, as each statement moves a member that is in each state. */
async function tried(): Promise<Set<string>> {
  const edges = new Set<string>();
  for (const from of POOL_MEMBER_STATES) {
    for (const statement of Object.values(STATEMENTS)) {
      const undone = new Error("undone");
      await inTransaction(pool, async (db) => {
        await db.query("INSERT INTO vps_pool_members (member_id, username, pool_id, state, vm_id, claimed_by) VALUES ('m-1', 'pool-0a1b2c3d4e', 'kvm1-9-1007', $1, 17, 'u-alice')", [from]);
        await statement(db);
        const { state, endedAt } = (await findPoolMember(db, "m-1"))!;
        if (state !== from) {
          edges.add(`${from} -> ${state}`);
          assert.equal(endedAt !== null, ["delivered", "retired"].includes(state), `${from} -> ${state}`);
        }
        throw undone;
      }).catch((error: unknown) => {
        if (error !== undone) throw error;
      });
    }
  }
  return edges;
}

const textOf = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
/** Each line of `from, from -> to`. */
const edgesOf = (lines: readonly string[], arrow: string) => new Set(lines.flatMap((line) => {
  const [from = "", rest = ""] = line.split(arrow);
  const [to = ""] = /\w+/.exec(rest) ?? [];
  return from.split(",").map((one) => `${one.replaceAll("*", "").trim()} -> ${to}`);
}));

describe("the states of a pool's member", () => {
  beforeAll(async () => {
    await savePool(pool, "kvm1-9-1007", { ...KIND, keepReady: 1, schedule: [], mostPerDay: null }, "olga");
    await requestVps(pool, request("bob"));
    await requestVps(pool, { ...request("m-1"), userId: "m-1" });
    await pool.query("UPDATE user_vps SET is_pooled = true, status = 'ready', hostinger_vm_id = 17 WHERE user_id = 'm-1'");
  });

  it("are as the records' own list has them", async () => {
    const lines = textOf("src/records/pool-members.ts").split("*/")[0]!.split("\n").filter((line) => line.includes(" -> "));
    assert.deepEqual([...edgesOf(lines, " -> ")].sort(), [...(await tried())].sort());
  });

  it("are as docs/concepts.md draws them", async () => {
    const [, drawing = ""] = /## The state of a pool member\n[\s\S]*?```mermaid\n([\s\S]*?)```/.exec(textOf("docs/concepts.md")) ?? [];
    const lines = drawing.split("\n").filter((line) => line.includes(" --> ") && !line.includes("[*]"));
    assert.deepEqual([...edgesOf(lines, " --> ")].sort(), [...(await tried())].sort());
  });
});
