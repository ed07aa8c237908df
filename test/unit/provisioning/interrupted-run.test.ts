import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { clearInterruptedRun } from "../../../src/provisioning/interrupted-run.ts";
import type { WantedRecord } from "../../../src/provisioning/lost-dns-record.ts";
import type { StackState } from "../../../src/provisioning/state-backend.ts";

const DNS = { urn: "urn:dns", type: "cloudflare:index/dnsRecord:DnsRecord", inputs: { name: "alice.spoq.dev", content: "127.0.0.9" } };
const VM = { urn: "urn:vm", type: "pulumi-nodejs:dynamic/hostinger:VirtualMachine", outputs: { hostname: "alice.spoq.dev", ipv4: "127.0.0.9" } };

const DECLARED = { zoneId: "zone-1", domain: "spoq.dev" };

async function cleared(state: Partial<StackState>, declared = DECLARED) {
  const asked: WantedRecord[] = [];
  let forgotten = 0;
  let removed: string[] = [];
  await clearInterruptedRun({ secretsSettings: {}, resources: [], pendingOperations: [], ...state }, declared, {
    removeUnknown: async (record) => { asked.push(record); return true; },
    say: () => undefined,
    forget: async (isForgotten) => {
      forgotten += 1;
      removed = (state.resources ?? []).filter(isForgotten).map(({ urn }) => urn);
    },
  });
  return { asked, forgotten, removed };
}
const NOTHING = { asked: [], forgotten: 0, removed: [] };

describe("clearInterruptedRun", () => {
  it("does nothing where nothing was interrupted", async () => {
    assert.deepEqual(await cleared({ resources: [VM, DNS] }), NOTHING);
    assert.deepEqual(await cleared({}), NOTHING);
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

  const inZone = (zoneId: string, urn = "urn:dns") => ({ ...DNS, urn, inputs: { ...DNS.inputs, zoneId } });

  it("forgets a record in another zone of the domain, and has one that was copied into the present one made anew", async () => {
    const asked = [{ name: "alice.spoq.dev", content: "127.0.0.9" }];
    assert.deepEqual(await cleared({ resources: [VM, inZone("zone-0")] }), { asked, forgotten: 1, removed: ["urn:dns"] });
    assert.deepEqual(await cleared({ resources: [VM, inZone("zone-1")] }), NOTHING);
  });

  it("keeps the one of the present zone where the other could only not be removed", async () => {
    assert.deepEqual(await cleared({ resources: [VM, inZone("zone-1"), inZone("zone-0", "urn:old")] }), { asked: [], forgotten: 1, removed: ["urn:old"] });
  });

  it("leaves a record of another domain than is declared: it goes when its user is renamed", async () => {
    assert.deepEqual(await cleared({ resources: [VM, inZone("zone-0")] }, { zoneId: "zone-1", domain: "example.dev" }), NOTHING);
  });
});
