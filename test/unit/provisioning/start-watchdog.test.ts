/** A watchdog that cannot be started, or does not stay. */
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

it("that ends by itself several times in a row is told of once, with the reason, and tried on", async () => {
  const children: EventEmitter[] = [];
  const tries = withoutMemoryFor("spawn", Array.from({ length: 5 }, () => "made" as const), () => {
    const child = Object.assign(new EventEmitter(), { stdin: undefined, unref: () => undefined });
    children.push(child);
    return child;
  });
  const said: string[] = [];
  const watchdog = startWatchdog("worker", "/nowhere", { say: (line) => said.push(line) });
  atEnd(() => watchdog.stop());
  for (let time = 1; time <= 4; time += 1) {
    await until(`start ${time}`, () => children[time - 1]?.listenerCount("exit") === 1);
    children[time - 1]!.emit("exit", 1, null);
  }
  assert.equal(tries(), 4);
  assert.equal(said.length, 1);
  assert.match(said[0]!, /ended 3 times in a row \(exit code 1\)/);
});
