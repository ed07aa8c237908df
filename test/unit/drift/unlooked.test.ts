import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { ofNobody } from "../../../src/drift/finding.ts";
import type { Observation } from "../../../src/drift/observe.ts";
import { unlookedKinds } from "../../../src/drift/unlooked.ts";

const seen = (values: Partial<Observation>, doubted: string[] = []) =>
  unlookedKinds({ paymentMethods: [], ...values }, doubted.map((list) => ofNobody("ListDoubted", list, "a", "b"))).sort();

describe("what a sweep cannot tell to be over", () => {
  it("is nothing where it saw everything", () => assert.deepEqual(seen({ lacking: new Set(), odd: [] }), []));

  it("is what only a list shows that may lack something", () => {
    assert.deepEqual(seen({ lacking: new Set(["virtual machines"]) }, ["virtual machines"]), ["OrphanVm", "PoolMemberSetAside", "SubscriptionWithoutVm", "VmUnreadable"]);
    assert.deepEqual(seen({ lacking: new Set(["DNS records"]) }, ["DNS records"]), ["OrphanRecord", "RecordDoubled"]);
    assert.deepEqual(seen({}, ["subscriptions"]), ["AutoRenewalOff", "OrphanVm", "PaymentMethodEnds", "PooledVmRenewed", "SubscriptionEndsSoon", "SubscriptionWithoutVm"]);
    assert.deepEqual(seen({ paymentMethods: undefined }), ["PaymentMethodEnds"]);
  });

  it("is whether a subscription pays nothing, where it may pay what cannot be read", () => {
    const odd = { id: 8, hostname: "srv8.hstgr.cloud", why: "state: expected string" };
    assert.deepEqual(seen({ odd: [{ ...odd, subscriptionId: null }] }), ["SubscriptionWithoutVm"]);
    assert.deepEqual(seen({ odd: [{ ...odd, subscriptionId: "s8" }] }), []);
  });
});
