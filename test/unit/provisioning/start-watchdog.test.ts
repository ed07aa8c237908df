/** A watchdog that cannot be started. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { it } from "vitest";
import { startWatchdog } from "../../../src/provisioning/start-watchdog.ts";
import { atEnd } from "../../support/at-end.ts";
import { withoutMemoryFor } from "../../support/no-memory.ts";
import { until } from "../../support/until.ts";

it("is started as soon as the machine has memory for it, and ends nobody until then", async () => {
  const child = Object.assign(new EventEmitter(), { stdin: undefined, unref: () => undefined });
  const tries = withoutMemoryFor("spawn", ["no memory", "made"], () => child);
  const watchdog = startWatchdog("worker", "/nowhere");
  atEnd(() => watchdog.stop());
  assert.equal(tries(), 1);
  await until("another try", () => child.listenerCount("exit") === 1);
  assert.equal(tries(), 2);
});
