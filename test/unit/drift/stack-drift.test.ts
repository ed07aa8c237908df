import assert from "node:assert/strict";
import { describe, it } from "vitest";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { driftFromEvents, exitCodeOf } from "../../../src/drift/stack-drift.ts";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const secret = (text: string) => ({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: text });

type Values = Record<string, unknown>;
interface State { inputs?: Values; outputs?: Values }

function urnOf(type: string, name: string): string {
  return `urn:pulumi:alice::user-vps::user-vps:index:UserVps$${type}::${name}`;
}

function step(kind: "resourcePreEvent" | "resOutputsEvent", op: string, type: string, name: string, old?: State, now?: State): EngineEvent {
  return { sequence: 0, timestamp: 0, [kind]: { metadata: { op, type, urn: urnOf(type, name), old: old ?? null, new: now ?? null } } };
}

const VM = "pulumi-nodejs:dynamic/hostinger:VirtualMachine";
const RECORD = "cloudflare:index/dnsRecord:DnsRecord";
const refreshed = (type: string, name: string, old: Values, now: Values | undefined) => step("resOutputsEvent", "refresh", type, name, { outputs: old }, now && { outputs: now });

describe("driftFromEvents", () => {
  it("tells nothing where refresh and plan find nothing, and exits with 0", () => {
    const values = { state: "running", password: secret("[secret]") };
    const drift = driftFromEvents("alice", [refreshed(VM, "vm", values, values), step("resOutputsEvent", "same", VM, "vm", { outputs: values }, { outputs: values })], undefined);
    assert.deepEqual(drift, { username: "alice", resources: [], changes: 0, refusal: null });
    assert.equal(exitCodeOf(drift), 0);
  });

  it("tells what the refresh found, with what `up` would do, and exits with 2", () => {
    const drift = driftFromEvents("alice", [refreshed(VM, "vm", { state: "running", plan: "a" }, { state: "stopped", plan: "a" }), step("resourcePreEvent", "update", VM, "vm", { outputs: { state: "stopped" } }, { inputs: {} })], undefined);
    const property = { name: "state", declared: "running", actual: "stopped", whatUpWouldDo: "change in place" };
    assert.deepEqual(drift.resources, [{ resource: "vm", type: "VirtualMachine", properties: [property], whatUpWouldDo: "change in place" }]);
    assert.equal(exitCodeOf(drift), 2);
  });

  it("tells what is declared otherwise by now, but not what only may follow from another change", () => {
    const plan = (inputs: Values) => [refreshed(RECORD, "record", { content: "127.0.0.2", ttl: 60 }, { content: "127.0.0.2", ttl: 60 }), step("resOutputsEvent", "update", RECORD, "record", { inputs: {}, outputs: { content: "127.0.0.2", ttl: 60 } }, { inputs })];
    assert.deepEqual(driftFromEvents("alice", plan({ content: "127.0.0.3", ttl: 60 }), undefined).resources[0]?.properties, [{ name: "content", declared: "127.0.0.3", actual: "127.0.0.2", whatUpWouldDo: "change in place" }]);
    assert.equal(driftFromEvents("alice", plan({ content: UNKNOWN, ttl: 60 }), undefined).changes, 0);
  });

  it("tells that a resource is gone", () => {
    const events = [refreshed(RECORD, "record", { content: "127.0.0.2" }, undefined), step("resourcePreEvent", "create", RECORD, "record", undefined, { inputs: { content: "127.0.0.2" } })];
    assert.deepEqual(driftFromEvents("alice", events, undefined).resources[0]?.properties, [{ name: "exists", declared: "true", actual: "false", whatUpWouldDo: "make it anew" }]);
  });

  it("tells which resource is refused and why, and what is not come to for that", () => {
    const events = [
      refreshed(VM, "vm", { plan: "kvm1" }, { plan: "kvm4" }),
      refreshed(RECORD, "record", { ttl: 60 }, { ttl: 300 }),
      { sequence: 0, timestamp: 0, diagnosticEvent: { urn: urnOf(VM, "vm"), severity: "error", message: "CHANGE_REFUSED: …", color: "never" } } as unknown as EngineEvent,
    ];
    const drift = driftFromEvents("alice", events, "CHANGE_REFUSED: plan kvm4 -> kvm1 would buy another VM");
    assert.deepEqual(drift.resources.map(({ resource, whatUpWouldDo }) => [resource, whatUpWouldDo]), [
      ["record", "nothing: `up` is refused before it comes to this"],
      ["vm", "refused: CHANGE_REFUSED: plan kvm4 -> kvm1 would buy another VM"],
    ]);
    assert.equal(exitCodeOf(drift), 2);
  });

  it("of a refusal that no resource is told of, it is drift all the same", () => {
    const drift = driftFromEvents("alice", [], "VM_GONE: VM 1 is gone");
    assert.deepEqual([drift.changes, drift.refusal, exitCodeOf(drift)], [0, "VM_GONE: VM 1 is gone", 2]);
  });

  it("shows a secret as one, whatever the engine says of it", () => {
    const drift = driftFromEvents("alice", [refreshed(VM, "vm", { rootPassword: secret("fake-password-1"), list: [secret("fake-password-2")] }, { rootPassword: "", list: [] })], undefined);
    assert.ok(!JSON.stringify(drift).includes("fake-password"));
    assert.deepEqual(drift.resources[0]?.properties.map(({ declared }) => declared), ["[secret]", '["[secret]"]']);
  });

  it("leaves out times of change and the serialised provider", () => {
    const old = { __provider: "a", modifiedOn: "1", meta: "{}" };
    assert.equal(driftFromEvents("alice", [refreshed(RECORD, "record", old, { __provider: "b", modifiedOn: "2", meta: "{x}" })], undefined).changes, 0);
  });
});
