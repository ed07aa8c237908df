/** A machine without memory for another process; the processes of slots are not real. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { it } from "vitest";
import { SLOT_LIMITS, Slots } from "../../../src/slots/slots.ts";
import type { FromSlot, ToSlot } from "../../../src/slots/messages.ts";
import { withoutMemoryFor } from "../../support/no-memory.ts";

function processOfSlot(): EventEmitter {
  const child = new EventEmitter();
  const answers: Readonly<Record<ToSlot["kind"], FromSlot>> = { begin: { kind: "begun", program: "127.0.0.1:1", providers: "none:1" }, end: { kind: "ended", outputs: { url: "https://alice.spoq.dev" } } };
  return Object.assign(child, { connected: true, unref: () => undefined, send: ({ kind }: ToSlot) => queueMicrotask(() => child.emit("message", answers[kind])) });
}

it("a run that has come to its end stays so where the process after it cannot be started; the next run starts one", async () => {
  withoutMemoryFor("fork", ["made", "no memory", "made"], processOfSlot);
  const slots = new Slots({ env: {}, tag: () => ({}), standIns: false, limits: { ...SLOT_LIMITS, mostRuns: 1 } });
  const slot = await slots.take();
  assert.deepEqual(await slot.release({ failed: false }), { url: "https://alice.spoq.dev" });
  assert.equal((await slots.take()).program, "127.0.0.1:1");
});
