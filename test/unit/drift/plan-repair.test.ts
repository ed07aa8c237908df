import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { FINDING_KIND_NAMES, FINDING_KINDS, kindOf } from "../../../src/drift/kinds.ts";
import type { FindingKind } from "../../../src/drift/kinds.ts";
import { planRepair } from "../../../src/drift/repair.ts";

const finding = (kind: FindingKind, refusal: string | null = null) => ({ kind, resolvedAt: null, preview: { resources: [], changes: 1, refusal } });

describe("planRepair", () => {
  it("repairs by `up` what loses nothing and buys nothing", () => {
    const byUp = FINDING_KIND_NAMES.filter((kind) => planRepair(finding(kind)).by === "up");
    assert.deepEqual(byUp, ["VmStopped", "VmRenamed", "VmAddressDiffers", "RecordGone", "RecordDiffers", "RecordProxied", "AutoRenewalOff", "PooledVmRenewed"]);
  });

  it("says of everything else why not, and what would help", () => {
    for (const kind of FINDING_KIND_NAMES.filter((name) => FINDING_KINDS[name].repair === "none")) {
      const plan = planRepair(finding(kind));
      assert.ok(plan.by === "nothing" && plan.why.includes(kindOf(kind).why!), kind);
    }
  });

  it("never buys or wipes, and never commits to pay, without a person", () => {
    assert.deepEqual(planRepair(finding("AutoRenewalOff")), { by: "up", automatic: false });
    assert.deepEqual(planRepair(finding("VmStopped"), [finding("AutoRenewalOff")]), { by: "up", automatic: false });
    assert.deepEqual(planRepair(finding("VmStopped")), { by: "up", automatic: true });
  });

  it("waits while something else of the user would make `up` fail", () => {
    const plan = planRepair(finding("RecordGone"), [finding("VmPlanDiffers")]);
    assert.ok(plan.by === "nothing" && plan.why.startsWith("First VmPlanDiffers has to be settled"));
  });

  it("believes a preview that `up` would be refused", () => {
    assert.deepEqual(planRepair(finding("VmStopped", "CHANGE_REFUSED: …")), { by: "nothing", why: "`up` would be refused: CHANGE_REFUSED: …" });
  });

  it("does nothing about a VM that is called as another user's would be, nor about whatever else is found of it", () => {
    const renamed = finding("VmRenamed");
    for (const plan of [planRepair(renamed, [], "bob.spoq.dev"), planRepair(finding("RecordGone"), [renamed], "bob.spoq.dev")]) assert.ok(plan.by === "nothing" && /called bob\.spoq\.dev/.test(plan.why));
  });

  it("does nothing about what is resolved", () => assert.equal(planRepair({ ...finding("VmStopped"), resolvedAt: new Date() }).by, "nothing"));
});
