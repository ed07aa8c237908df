/** `pool`, against the service's HTTP side with a real database: what buys or wipes is asked about, and what is not named stays. */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "vitest";
import type { PoolView } from "../../src/http/routes/pools.ts";
import { listPools } from "../../src/records/index.ts";
import { withListeningApp } from "../support/http-app.ts";
import { signToken } from "../support/tokens.ts";
import { runCli, runJson } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";

const { address, pool } = await withListeningApp();
const env = { USER_VPS_URL: address, USER_VPS_TOKEN: await signToken({ sub: "operator_1", scope: "vps:owner" }, { expiresInSeconds: 3_600 }) };
const set = (...args: string[]) => runJson<PoolView>(["pool", "set", ...args], { env });

beforeEach(async () => void (await pool.query("DELETE FROM vps_pools")));

describe("user-vps pool set", () => {
  it("buys nothing that is not confirmed by its largest number", async () => {
    for (const confirm of [[], ["--confirm", "5"], ["--confirm", ""]]) {
      const { error } = await runJson<ErrorDocument>(["pool", "set", "5", "--schedule", "mon-fri 07:00-19:00 = 50", ...confirm], { env, code: 3 });
      assert.equal(error.code, "CANCELLED");
      assert.match(error.message, /Up to 50 VPSs are bought/);
      assert.match(error.next, /--confirm 50/);
    }
    assert.deepEqual(await listPools(pool), []);
    await set("5", "--schedule", "mon-fri 07:00-19:00 = 50", "--confirm", "50");
    assert.deepEqual((await listPools(pool)).map(({ keepReady, schedule }) => [keepReady, schedule]), [[5, ["mon-fri 07:00-19:00 = 50"]]]);
  });

  it("keeps limit and schedule of the pool unless they are named", async () => {
    const sizes = ({ keepReady, schedule, mostPerDay }: PoolView) => [keepReady, schedule, mostPerDay];
    await set("5", "--per-day", "20", "--schedule", "22:00-06:00 = 1", "--confirm", "5");
    assert.deepEqual(sizes(await set("8", "--confirm", "8")), [8, ["22:00-06:00 = 1"], 20]);
    assert.deepEqual(sizes(await set("8", "--schedule", "none", "--confirm", "8")), [8, [], 20]);
    assert.match((await runCli(["pool", "set", "8", "--confirm", "8"], { env })).stdout, /^kvm1-9-1007 keeps 8 ready, at most 20 are bought a day\.$/m);
    assert.deepEqual(sizes(await set("8", "--per-day", "none", "--confirm", "8")), [8, [], null]);
    assert.deepEqual(sizes(await set("0")), [0, [], null]);
  });
});

describe("user-vps pool drain", () => {
  it("wipes nothing that is paid before the pool is typed again", async () => {
    await set("1", "--confirm", "1");
    for (const confirm of [[], ["--confirm", "kvm2-9-1007"]]) {
      const { error } = await runJson<ErrorDocument>(["pool", "drain", "kvm1-9-1007", ...confirm], { env, code: 3 });
      assert.match(error.next, /--confirm kvm1-9-1007/);
    }
    assert.equal((await listPools(pool))[0]!.state, "filling");
    assert.equal((await runJson<PoolView>(["pool", "drain", "kvm1-9-1007", "--confirm", "kvm1-9-1007"], { env })).state, "draining");
  });
});
