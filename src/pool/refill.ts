/** One turn of a pool's care: members that came to nothing or whose term ends go, missing ones are begun. */
import { randomBytes, randomUUID } from "node:crypto";
import { leastDaysToReuse } from "../config/reuse-least-days.ts";
import { inTransaction } from "../db/index.ts";
import { readNow } from "../db/now.ts";
import type { Queryable } from "../db/queryable.ts";
import { readBreaker, readSwitch } from "../purchases/index.ts";
import { countReusableVms, createPoolMember, listPools, lockPools, notePoolTerms, userIdType } from "../records/index.ts";
import type { PoolRecord } from "../records/index.ts";
import type { PoolContext } from "./context.ts";
import { countMembers, isAnybodyOnTheWay, isAnyWishWaiting } from "./counts.ts";
import { howMany } from "./how-many.ts";
import type { Held } from "./how-many.ts";
import { letGoAgain } from "./let-go.ts";
import { noteHowTheyAre, retireWhatIsOver } from "./retire.ts";
import type { PoolSettings } from "./sync-pools.ts";

/** @returns the user names of the members that were begun */
export async function refillPools(context: PoolContext): Promise<string[]> {
  const { pool, settings, log } = context;
  if ((await listPools(pool)).length === 0) return [];
  const now = await readNow(pool);
  await notePoolTerms(pool);
  await noteHowTheyAre(context);
  await retireWhatIsOver(context, now);
  await letGoAgain(context);
  return await inTransaction(pool, async (db) => {
    // Whatever thinks that it is the leader.
    await lockPools(db);
    const begun: string[] = [];
    const held = await heldBack(db, settings);
    for (const one of await listPools(db)) {
      const { counts, onTheWay } = await countMembers(db, one.poolId);
      const reusable = settings.reuseWipedVms ? await countReusableVms(db, one, leastDaysToReuse(settings, { isPooled: true })) : 0;
      const { reused, bought } = howMany(one, counts, { now, held, onTheWay, reusable });
      for (let number = 0; number < reused + bought; number++) begun.push(await begin(db, context, one, number < reused));
    }
    if (begun.length > 0) log(`pools: ${begun.length} members are begun: ${begun.join(", ")}`);
    return begun;
  });
}

/** Signups come first, and nothing is queued behind a guard that holds already. */
async function heldBack(db: Queryable, { purchases }: PoolSettings): Promise<Held> {
  if (await isAnybodyOnTheWay(db)) return "people";
  const isOpen = (await readSwitch(db, purchases)).isOn && (await readBreaker(db)).state === "closed" && !(await isAnyWishWaiting(db));
  return isOpen ? undefined : "purchases";
}

async function begin(db: Queryable, { jobs, settings }: PoolContext, pool: PoolRecord, isReused: boolean): Promise<string> {
  const memberId = await newUserId(db);
  const username = `pool-${randomBytes(5).toString("hex")}`;
  await createPoolMember(db, pool, { memberId, username, hostname: `${username}.${settings.domain}`, isReused });
  await jobs.enqueue(db, { operation: "up", userId: memberId });
  return username;
}

/** As the table's own column takes it; below 0 where users have numbers. */
async function newUserId(db: Queryable): Promise<string> {
  return /int/.test(await userIdType(db)) ? `-${randomBytes(4).readUInt32BE() % 2_000_000_000 + 1}` : randomUUID();
}
