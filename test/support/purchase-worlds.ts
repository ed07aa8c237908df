import { afterAll, beforeEach } from "vitest";
import { startSandbox } from "../../src/sandbox/index.ts";
import { awayFromMidnight } from "./midnight.ts";
import { withDatabase } from "./postgres.ts";
import { openPurchaseWorld } from "./purchases.ts";
import type { PurchaseWorld } from "./purchases.ts";

/** One database and one sandbox, and as many worlds with settings of their own as are asked for; all end with the file that calls it. */
export async function openPurchaseWorlds() {
  const { pool, url } = await withDatabase();
  const sandbox = await startSandbox();
  const worlds: PurchaseWorld[] = [];
  afterAll(async () => {
    for (const world of worlds) await world.close();
    await sandbox.close();
  });
  beforeEach(awayFromMidnight);
  function world(env: Record<string, string> = {}): PurchaseWorld {
    const opened = openPurchaseWorld(pool, sandbox, env);
    worlds.push(opened);
    return opened;
  }
  return { pool, url, sandbox, world };
}
