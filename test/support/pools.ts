/** Pools on a real PostgreSQL, without an engine: what the tests of pools share. */
import { beforeEach } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import type { JobRequest } from "../../src/jobs/index.ts";
import type { PoolContext } from "../../src/pool/context.ts";
import { refillPools } from "../../src/pool/refill.ts";
import { claimFromPool } from "../../src/purchases/index.ts";
import { notePoolMemberReady, savePool, saveVpsResult, setVpsStatus } from "../../src/records/index.ts";
import type { PoolMember, PoolMemberState, VpsRecord } from "../../src/records/index.ts";
import { eachBeginsEmpty } from "./each-begins-empty.ts";
import { openPurchaseWorlds } from "./purchase-worlds.ts";
import { KVM1 } from "./purchases.ts";
import type { PurchaseWorld } from "./purchases.ts";

export const KIND = { plan: KVM1, dataCenterId: 9, templateId: 1007 };
export const POOL_ID = "kvm1-9-1007";

/** Ends with the file that calls it; each test begins with empty tables. */
export async function openPools() {
  const { pool, url, world } = await openPurchaseWorlds();

  const jobs: JobRequest[] = [];
  const cancelled: string[] = [];
  const settings = { pools: undefined, poolFailures: 3, poolLeastDays: 3, defaultDataCenterId: 9, defaultTemplateId: 1007, domain: "spoq.dev", reuseWipedVms: false, reuseLeastDays: 3, purchases: "on" as "on" | "off" };
  const context = (more: Partial<typeof settings> = {}): PoolContext => ({
    pool, settings: { ...settings, ...more }, log: () => undefined,
    jobs: { enqueue: async (_db, job) => void jobs.push(job), cancel: async (userId) => void cancelled.push(userId) },
  });
  const guarded = { allowedPlans: undefined, certificatesPerWeek: 50 };
  let vmIds = 1_000;

  eachBeginsEmpty({ pool });
  beforeEach(() => {
    jobs.length = 0;
    cancelled.length = 0;
  });

  const wanted = (keepReady: number, mostPerDay: number | null = null) => savePool(pool, POOL_ID, { ...KIND, keepReady, schedule: [], mostPerDay }, "olga");
  const members = (state?: PoolMemberState) => pool.query<PoolMember>(`SELECT member_id AS "memberId", username, state, vm_id::int AS "vmId", claimed_by AS "claimedBy", reason FROM vps_pool_members WHERE $1::text IS NULL OR state = $1 ORDER BY created_at, username`, [state ?? null]).then(({ rows }) => rows);

  /** As `up` ends of a member. */
  async function becomesReady({ memberId }: Pick<PoolMember, "memberId">): Promise<void> {
    const vmId = vmIds++;
    await inTransaction(pool, async (db) => {
      await saveVpsResult(db, memberId, { hostingerVmId: vmId, address: "127.0.0.2" });
      await notePoolMemberReady(db, memberId, vmId);
      await setVpsStatus(db, memberId, { status: "ready" });
    });
  }
  async function filled(count: number): Promise<void> {
    await wanted(count);
    while ((await members("ready")).length < count) {
      await refillPools(context());
      for (const member of await members("building")) await becomesReady(member);
    }
    jobs.length = 0;
  }
  /** As if claims had taken longer than pools wait for. */
  const claimsAreOld = () => pool.query("UPDATE vps_pool_members SET claimed_at = now() - interval '31 seconds' WHERE state = 'claimed'");
  /** As a signup by HTTP. */
  async function claims(the: PurchaseWorld, username: string, more = guarded): Promise<VpsRecord | undefined> {
    const record = await the.signUp(username);
    return (await inTransaction(pool, (db) => claimFromPool(db, more as never, record)))?.record;
  }
  return { pool, url, jobs, cancelled, settings, context, guarded, world, wanted, members, becomesReady, filled, claimsAreOld, claims };
}
