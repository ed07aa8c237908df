import assert from "node:assert/strict";
import { describe, it } from "vitest";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { EngineProgress } from "../../../src/provisioning/engine.ts";
import { createEventTranslator } from "../../../src/provisioning/engine-events.ts";

function translated(...events: object[]): EngineProgress[] {
  const out: EngineProgress[] = [];
  const translate = createEventTranslator((event) => out.push(event));
  for (const event of events) translate(event as EngineEvent);
  return out;
}

const metadata = { op: "create", urn: "urn:pulumi:alice::user-vps::user-vps:index:UserVps$x:VirtualMachine::vm", type: "pulumi-nodejs:dynamic/hostinger:VirtualMachine" };

describe("createEventTranslator", () => {
  it("tells when a resource is begun, and when it has ended and how", () => {
    const [started, ended] = translated({ resourcePreEvent: { metadata } }, { resOutputsEvent: { metadata } });
    assert.deepEqual(started, { kind: "resource-started", type: metadata.type, name: "vm", operation: "create" });
    assert.ok(ended?.kind === "resource-ended" && !ended.failed && ended.seconds >= 0);
    const [failed] = translated({ resOpFailedEvent: { metadata } });
    assert.ok(failed?.kind === "resource-ended" && failed.failed);
  });

  it("says nothing of the engine's own resources", () => {
    const own = { ...metadata, type: "pulumi:providers:cloudflare" };
    assert.deepEqual(translated({ resourcePreEvent: { metadata: own } }, { resOutputsEvent: { metadata: { ...metadata, type: "pulumi:pulumi:Stack" } } }), []);
  });

  it("passes on what providers and engine say, but neither debugging nor empty lines", () => {
    const message = (severity: string, text: string) => ({ diagnosticEvent: { severity, message: text, color: "never" } });
    assert.deepEqual(translated(message("info", "waiting\n"), message("info#err", "oops"), message("debug", "x"), message("error", "no\n"), message("info", "\n")), [
      { kind: "message", severity: "info", text: "waiting" },
      { kind: "message", severity: "info", text: "oops" },
      { kind: "message", severity: "error", text: "no" },
    ]);
  });
});
