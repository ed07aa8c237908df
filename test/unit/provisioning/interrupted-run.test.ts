import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { clearInterruptedRun } from "../../../src/provisioning/interrupted-run.ts";
import type { WantedRecord } from "../../../src/provisioning/lost-dns-record.ts";
import type { StackState } from "../../../src/provisioning/state-backend.ts";

const DNS = { urn: "urn:dns", type: "cloudflare:index/dnsRecord:DnsRecord", inputs: { name: "alice.spoq.dev", content: "127.0.0.9" } };
const VM = { urn: "urn:vm", type: "pulumi-nodejs:dynamic/hostinger:VirtualMachine", outputs: { hostname: "alice.spoq.dev", ipv4: "127.0.0.9" } };

async function cleared(state: Partial<StackState>) {
  const asked: WantedRecord[] = [];
  let forgotten = 0;
  await clearInterruptedRun({ secretsSettings: {}, resources: [], pendingOperations: [], ...state }, {
    dns: { removeUnknown: async (record) => { asked.push(record); return true; }, namesOf: async () => [], close: async () => undefined },
    say: () => undefined,
    forgetPendingOperations: async () => { forgotten += 1; },
  });
  return { asked, forgotten };
}

describe("clearInterruptedRun", () => {
  it("does nothing where nothing was interrupted", async () => {
    assert.deepEqual(await cleared({ resources: [VM, DNS] }), { asked: [], forgotten: 0 });
    assert.deepEqual(await cleared({}), { asked: [], forgotten: 0 });
  });

  it("removes a record whose creation was interrupted, and forgets that it is pending", async () => {
    const { asked, forgotten } = await cleared({ resources: [VM], pendingOperations: [{ type: "creating", resource: DNS }] });
    assert.deepEqual(asked, [{ name: "alice.spoq.dev", content: "127.0.0.9" }]);
    assert.equal(forgotten, 1);
  });

  it("removes a record whose creation failed after it was made: the VM tells which it would be", async () => {
    assert.deepEqual((await cleared({ resources: [VM] })).asked, [{ name: "alice.spoq.dev", content: "127.0.0.9" }]);
  });

  it("never touches the zone for a record that the stack has", async () => {
    const { asked, forgotten } = await cleared({ resources: [VM, DNS], pendingOperations: [{ type: "updating", resource: DNS }] });
    assert.deepEqual([asked, forgotten], [[], 1]);
  });
});
