/** A token of another Hostinger account, in which none of the users' VMs are; the engine is a stub, the account a sandbox's. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { UserVpsError } from "../../providers/core/errors.ts";
import { pgBossJobs, startQueue } from "../../src/jobs/index.ts";
import { doubtOfAccount } from "../../src/provisioning/other-account.ts";
import { hostingerPower } from "../../src/provisioning/power.ts";
import { findVpsByUserId, listRuns, saveVpsResult } from "../../src/records/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { addFleet, addRows } from "../support/fleet.ts";
import { lastGiveUp, requestDeprovision } from "../support/give-up.ts";
import { withDatabase } from "../support/postgres.ts";
import { openPurchaseWorld } from "../support/purchases.ts";
import type { PurchaseWorld } from "../support/purchases.ts";
import { StubEngine } from "../support/stub-engine.ts";
import { startStubWorker } from "../support/stub-worker.ts";
import { until } from "../support/until.ts";

const { pool, url } = await withDatabase();
const signal = new AbortController().signal;
let sandbox: Sandbox;
let world: PurchaseWorld;
beforeAll(async () => {
  sandbox = await startSandbox({ actionMs: 10 });
  world = openPurchaseWorld(pool, sandbox);
});
afterAll(async () => {
  await world.close();
  await sandbox.close();
});
beforeEach(() => pool.query("DELETE FROM user_vps"));

/** Users who are ready, with VMs of an account that is not the sandbox's. */
const addElsewhere = (...usernames: string[]) => addRows(pool, usernames.map((username, index) => ({ username, hostname: `${username}.${sandbox.domain}`, vmId: 900_001 + index, address: "203.0.113.1" })));
const doubt = (more: Partial<Parameters<typeof doubtOfAccount>[0]> = {}) => doubtOfAccount({ db: pool, client: world.session.client, isAllowed: false, signal, ...more });

describe("an account that has none of the VMs that are in use", () => {
  it("is doubted, and the doubt names some of them", async () => {
    await addElsewhere("alice", "bob", "carol", "dave");
    const text = await doubt();
    assert.match(text ?? "", /^The token's Hostinger account has 0 VMs, and of 4 that are in use by the records not one \(VM 90000\d of \w+, .*, …\)\. Is it another account's token\?$/);
  });

  it("is not where one is there, too few are recorded, those left are being given up, or an operator says that they are lost", async () => {
    await addElsewhere("alice", "bob");
    assert.equal(await doubt(), undefined);
    await addRows(pool, [{ username: "carol", hostname: `carol.${sandbox.domain}`, vmId: 900_009, address: "203.0.113.1" }]);
    assert.notEqual(await doubt(), undefined);
    assert.equal(await doubt({ isAllowed: true }), undefined);
    await addFleet(sandbox, pool, 1);
    assert.equal(await doubt(), undefined);
    await pool.query("UPDATE user_vps SET status = 'deprovisioning' WHERE username IN ('carol', 'user1')");
    assert.equal(await doubt(), undefined);
  });

  it("is not for a list alone: what it lacks is asked for by itself, and an entry that cannot be read may be any", async () => {
    await addElsewhere("alice", "bob", "carol");
    const asked: number[] = [];
    const client = (there: number | undefined, odd: readonly { id: number | null; why: string }[] = []) => ({
      virtualMachines: {
        listEntries: async () => ({ vms: [], odd }),
        async get(id: number) {
          asked.push(id);
          if (id !== there) throw new UserVpsError(id === 900_001 ? "API_FORBIDDEN" : "API_NOT_FOUND", "No such VM.");
          return {};
        },
      },
    }) as never;
    assert.equal(await doubt({ client: client(900_003) }), undefined);
    assert.ok(asked.includes(900_003));
    assert.equal(await doubt({ client: client(undefined, [{ id: null, why: "no id" }]) }), undefined);
    assert.notEqual(await doubt({ client: client(undefined, [{ id: 1, why: "no state" }]) }), undefined);
  });
});

describe("giving up a user whose VM is neither found nor listed", () => {
  it("removes nothing while the account is doubted, and comes to its end once it is not", async () => {
    const destroyed: string[] = [];
    const engine = Object.assign(new StubEngine(), {
      async destroy({ stackName }: { readonly stackName: string }) {
        destroyed.push(stackName);
        return { changes: {} };
      },
    });
    const boss = await startQueue({ databaseUrl: url, works: true, onError: () => undefined });
    const vms = hostingerPower(sandbox.env);
    const worker = await startStubWorker({ boss, pool, databaseUrl: url, engine, vms, world, account: world.account });
    try {
      await addElsewhere("alice", "bob", "carol");
      const { userId } = await world.signUp("erin");
      await saveVpsResult(pool, userId, { hostingerVmId: 900_100 });
      await requestDeprovision({ pool, jobs: pgBossJobs(boss, pool) }, userId);
      const outcomes = async () => (await listRuns(pool, userId)).items.map(({ outcome, errorCode }) => `${outcome} ${errorCode}`);
      await until("a failed run", async () => (await outcomes()).includes("failed VM_NOT_FOUND"), outcomes);
      const { status, nextStep, reason } = (await findVpsByUserId(pool, userId))!;
      assert.deepEqual([status, destroyed, (await lastGiveUp(pool, userId)).endedAt], ["deprovisioning", [], null]);
      assert.match(reason ?? "", /another account's token\?.*HOSTINGER_API_KEY/);
      assert.match(nextStep ?? "", /tried again by itself/);
      await addFleet(sandbox, pool, 1, 2);
      await until("the end", async () => (await findVpsByUserId(pool, userId))?.status === "deprovisioned", outcomes);
      assert.deepEqual(destroyed, ["erin"]);
    } finally {
      await worker.stop(0);
      await boss.stop({ graceful: false });
      await vms.close();
    }
  });
});
