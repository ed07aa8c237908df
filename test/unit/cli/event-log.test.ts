import assert from "node:assert/strict";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { describe, it } from "vitest";
import { updatedByEvents } from "../../../src/cli/user-stack/event-log.ts";

const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "[secret]" };
const summary = (resourceChanges: Record<string, number>) => ({ summaryEvent: { resourceChanges } }) as unknown as EngineEvent;
const outputsOf = (type: string, outputs: Record<string, unknown>) => ({ resOutputsEvent: { metadata: { type, new: { outputs } } } }) as unknown as EngineEvent;

describe("what an up has done, by the engine's events", () => {
  it("is told by the last summary and the stack's own outputs, not by those of a preview before", () => {
    const events = [
      outputsOf("pulumi:pulumi:Stack", { vmId: "not known" }), summary({ create: 8 }),
      outputsOf("pulumi:pulumi:Stack", { vmId: 17 }), outputsOf("user-vps:index:UserVps", { vmId: 18 }), summary({ create: 7, same: 1 }),
    ];
    assert.deepEqual(updatedByEvents(events), { changes: { create: 7, same: 1 }, outputs: { vmId: 17 } });
  });

  it("shows no secret, nor anything that holds one", () => {
    const { outputs } = updatedByEvents([outputsOf("pulumi:pulumi:Stack", { url: "https://alice.spoq.dev", password: SECRET, keys: [{ of: SECRET }], none: null })]);
    assert.deepEqual(outputs, { url: "https://alice.spoq.dev", password: "[secret]", keys: "[secret]", none: null });
  });

  it("is empty where the engine told nothing", () => {
    assert.deepEqual(updatedByEvents([]), { changes: {}, outputs: {} });
  });
});
