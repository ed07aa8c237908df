import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { diff } from "../../../providers/hostinger/virtual-machine-provider.ts";
import { ALICE } from "../../support/fake-account.ts";

const OUTPUTS = { ...ALICE, vmId: 17, state: "running", ipv4: "127.0.0.2" };
const KVM2 = "hostingercom-vps-kvm2-usd-1m";

describe("the difference between a VM and its declaration", () => {
  it("is none when nothing differs", () => assert.deepEqual(diff("17", OUTPUTS, { ...ALICE }), { changes: false, replaces: [] }));

  for (const change of [{ hostname: "alina.spoq.dev" }, { rootPassword: "fake-Password-2" }, { sshPublicKey: "ssh-ed25519 AAAA" }, { autoRenew: false }, { wipeOnDelete: true }, { templateId: 1002 }, { plan: KVM2 }, { recreation: "1" }]) {
    it(`is one to change in place: ${Object.keys(change).join()}`, () => assert.deepEqual(diff("17", OUTPUTS, { ...ALICE, ...change }), { changes: true, replaces: [] }));
  }

  for (const change of [{ paymentMethodId: 5 }, { allowPurchase: false }, { allowReplaceOf: 17 }, { allowRecreateOf: 17 }, { importId: 17 }]) {
    it(`is none for what only matters at a purchase: ${Object.keys(change).join()}`, () => assert.equal(diff("17", OUTPUTS, { ...ALICE, ...change }).changes, false));
  }

  for (const known of [{ recreation: "1" }, { postInstallFingerprint: "aa" }, { postInstallScriptId: 7, postInstallFingerprint: "aa" }]) {
    it(`is none when how it was installed is only not given any more: ${Object.keys(known)[0]!}`, () => {
      const news = { ...ALICE, ...("postInstallScriptId" in known && { postInstallFingerprint: "aa" }) };
      assert.deepEqual(diff("17", { ...OUTPUTS, ...known }, news), { changes: false, replaces: [] });
    });
  }

  it("is one when a script that alone tells how it was installed is not given any more, for that takes a wipe", () => {
    assert.equal(diff("17", { ...OUTPUTS, postInstallScriptId: 7 }, { ...ALICE }).changes, true);
  });

  it("is one when the VM drifted: stopped, renamed", () => {
    assert.equal(diff("17", { ...OUTPUTS, state: "stopped" }, { ...ALICE }).changes, true);
    assert.equal(diff("17", { ...OUTPUTS, hostname: "mallory.spoq.dev" }, { ...ALICE }).changes, true);
  });

  it("is one when a run that failed left the VM running, and without an address", () => {
    for (const ipv4 of ["", undefined]) assert.deepEqual(diff("17", { ...OUTPUTS, ipv4 }, { ...ALICE }), { changes: true, replaces: [] });
  });

  it("is a replacement only where the switch names this very VM", () => {
    assert.deepEqual(diff("17", OUTPUTS, { ...ALICE, plan: KVM2, allowReplaceOf: 17 }).replaces, ["plan"]);
    assert.deepEqual(diff("17", OUTPUTS, { ...ALICE, plan: KVM2, allowReplaceOf: 18 }).replaces, []);
    assert.deepEqual(diff("17", { ...OUTPUTS, state: "gone" }, { ...ALICE, allowReplaceOf: 17 }).replaces, ["vmId"]);
    assert.deepEqual(diff("17", { ...OUTPUTS, state: "gone" }, { ...ALICE }).replaces, []);
  });
});
