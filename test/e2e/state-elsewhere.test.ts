/** The stacks' state in a database of its own (STATE_BACKEND_URL), by a worker with the real engine. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, it } from "vitest";
import { requestDeprovision } from "../support/give-up.ts";
import { newName } from "../support/new-name.ts";
import { withDatabase } from "../support/postgres.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld } from "../support/service-world.ts";

const records = await withDatabase();
const states = await withDatabase({ migrated: false });

let world: ServiceWorld;
beforeAll(async () => {
  world = await startServiceWorld(records.url);
  await world.startWorker({ STATE_BACKEND_URL: states.url });
});
afterAll(() => world.close());

const stacks = async () => (await states.pool.query<{ key: string }>("SELECT key FROM pulumi_state WHERE key LIKE '%/stacks/%.json'")).rows.map(({ key }) => key.split("/").at(-1));

it("a user's stack is made and ended in the database that STATE_BACKEND_URL names, and that of the records knows nothing of it", async () => {
  const alice = newName("alice");
  const userId = `user-${alice}`;
  await world.signUp(userId, alice);
  await world.until(userId, "ready", ({ status }) => status === "ready");
  assert.deepEqual(await stacks(), [`${alice}.json`]);
  await requestDeprovision(world, userId, { wipe: true });
  await world.until(userId, "deprovisioned", ({ status }) => status === "deprovisioned");
  assert.deepEqual(await stacks(), []);
  assert.deepEqual((await records.pool.query("SELECT to_regclass('pulumi_state') AS table")).rows, [{ table: null }]);
});
