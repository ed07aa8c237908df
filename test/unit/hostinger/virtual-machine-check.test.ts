import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, it } from "vitest";
import { configure } from "../../../providers/hostinger/session.ts";
import { checkVirtualMachine } from "../../../providers/hostinger/virtual-machine-check.ts";
import { ALICE } from "../../support/fake-account.ts";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const VM_ID = 17;

/** Answers the list of VMs, which `check` asks for only to name the id of a refused VM. */
const api = createServer((_request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify([{ id: VM_ID, hostname: ALICE.hostname, state: "running", actions_lock: "unlocked", ipv4: null, ipv6: null }]));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  const settings: Record<string, string> = { "hostinger:apiKey": "fake-key", "hostinger:baseUrl": `http://127.0.0.1:${(api.address() as AddressInfo).port}` };
  configure({ get: (key) => settings[key] });
});
afterAll(() => void (api.closeAllConnections(), api.close()));

function check(news: object, olds: object = {}) {
  return checkVirtualMachine(olds as Record<string, unknown>, { ...ALICE, ...news, __provider: "text" });
}
const OLD = { ...ALICE, postInstallFingerprint: "aa", __provider: "text" };

describe("checking a VM's inputs", () => {
  it("takes what is right and adds the defaults", async () => {
    const { plan, templateId, dataCenterId, hostname, rootPassword } = ALICE;
    const { inputs, failures } = await checkVirtualMachine({}, { plan, templateId, dataCenterId, hostname, rootPassword });
    assert.deepEqual(failures, []);
    assert.equal(inputs["enableBackups"], true);
    assert.equal(inputs["wipeOnDelete"], false);
  });

  it("misses no root password that `ignoreChanges` takes from inputs which a refresh has left without secrets", async () => {
    const { rootPassword: _, ...without } = OLD;
    assert.deepEqual((await checkVirtualMachine(without, { ...without })).failures, []);
    assert.equal((await checkVirtualMachine(OLD, { ...without })).failures.length, 1);
    assert.equal((await checkVirtualMachine({}, { ...without })).failures.length, 1);
  });

  it("takes a plan by each of its names for the catalog item that a purchase names, and refuses no state for the name that it had", async () => {
    for (const plan of ["kvm1", "KVM 1"]) {
      const { inputs, failures } = await check({ plan, postInstallFingerprint: "aa" }, { ...OLD, plan: "kvm1" });
      assert.deepEqual([inputs["plan"], failures], [ALICE.plan, []]);
    }
    const { failures } = await check({ plan: "kvm2", postInstallFingerprint: "aa" }, { ...OLD, plan: "kvm1" });
    assert.match(failures[0]!.reason, /would buy another VM/);
  });

  it("takes values that are not known yet", async () => {
    const { failures } = await check({ hostname: UNKNOWN, rootPassword: UNKNOWN, postInstallScriptId: UNKNOWN });
    assert.deepEqual(failures, []);
  });

  for (const [property, value] of [["plan", ""], ["hostname", "Alice.spoq.dev"], ["hostname", "alice"], ["templateId", 0], ["dataCenterId", 1.5], ["importId", -1]] as const) {
    it(`refuses ${property} = ${JSON.stringify(value)}`, async () => {
      const { failures } = await check({ [property]: value });
      assert.deepEqual(failures.map((failure) => failure.property), [property]);
    });
  }

  for (const property of ["enableBackups", "autoRenew", "importWiped", "allowPurchase", "wipeOnDelete", "allowDelete"]) {
    it(`refuses ${property} = 'false', a text that would count as true`, async () => {
      assert.deepEqual((await check({ [property]: "false" })).failures, [{ property, reason: "expected true or false" }]);
      for (const value of [true, UNKNOWN]) assert.deepEqual((await check({ [property]: value })).failures, []);
    });
  }

  it("refuses what is no public key before it is sent with a purchase, without naming the property, and leaves one alone that was taken before", async () => {
    const privateKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nfake\n";
    const { failures } = await check({ sshPublicKey: privateKey });
    assert.deepEqual(failures.map(({ property }) => property), [""]);
    assert.match(failures[0]!.reason, /^sshPublicKey: expected one public key in OpenSSH format(?!.*BEGIN)/s);
    for (const sshPublicKey of ["ssh-ed25519 AAAA alice", "ssh-ed25519 AAAA alice\n", UNKNOWN]) assert.deepEqual((await check({ sshPublicKey })).failures, []);
    const odd = { sshPublicKey: "from=\"192.0.2.1\" ssh-ed25519 AAAA" };
    assert.deepEqual((await check({ ...odd, postInstallFingerprint: "aa" }, { ...OLD, ...odd })).failures, []);
  });

  it("refuses a weak password without naming the property, whose value the engine would print", async () => {
    const { failures } = await check({ rootPassword: "short" });
    assert.equal(failures.length, 1);
    assert.equal(failures[0]?.property, "");
    assert.doesNotMatch(failures[0]?.reason ?? "", /short/);
  });
});

describe("refusing changes in preview", () => {
  for (const [property, value] of [["plan", "hostingercom-vps-kvm2-usd-1m"], ["dataCenterId", 19]] as const) {
    it(`refuses another ${property}, because it would buy, and names the switch`, async () => {
      const { failures } = await check({ postInstallFingerprint: "aa", [property]: value }, OLD);
      assert.equal(failures.length, 1);
      assert.match(failures[0]?.reason ?? "", new RegExp(`CHANGE_REFUSED: ${property} .* would buy another VM.*To keep the VM as it is, declare ${property} ${String(OLD[property])}\\. To allow it, .*pulumi config set allowReplaceOf ${VM_ID}`));
    });
    it(`allows another ${property} for just the VM that the switch names`, async () => {
      assert.deepEqual((await check({ postInstallFingerprint: "aa", [property]: value, allowReplaceOf: VM_ID }, OLD)).failures, []);
      assert.equal((await check({ postInstallFingerprint: "aa", [property]: value, allowReplaceOf: VM_ID + 1 }, OLD)).failures.length, 1);
    });
  }

  for (const change of [{ templateId: 1002, postInstallFingerprint: "aa" }, { postInstallFingerprint: "bb" }, { postInstallFingerprint: "aa", recreation: "1" }]) {
    it(`refuses ${JSON.stringify(change)}, because it would wipe, unless the switch names the VM`, async () => {
      const { failures } = await check(change, OLD);
      assert.match(failures[0]?.reason ?? "", new RegExp(`CHANGE_REFUSED: .* wiped .*allowRecreateOf ${VM_ID}`));
      assert.deepEqual((await check({ ...change, allowRecreateOf: VM_ID }, OLD)).failures, []);
    });
  }

  it("tells who changes the host name how to do that in place, and nothing of releases", async () => {
    const { failures } = await check({ hostname: "alicia.spoq.dev", postInstallFingerprint: "bb" }, OLD);
    assert.match(failures[0]?.reason ?? "", /CHANGE_REFUSED: postInstallFingerprint .*`pulumi config set bootHostname alice\.spoq\.dev`/);
    assert.doesNotMatch(failures[0]?.reason ?? "", /release/);
  });

  it("wipes nothing for a recreation that is not mentioned any more", async () => {
    assert.deepEqual((await check({ postInstallFingerprint: "aa" }, { ...OLD, recreation: "1" })).failures, []);
  });

  it("takes a script that was made anew under another id, if its fingerprint is the same", async () => {
    const { failures } = await check({ postInstallFingerprint: "aa", postInstallScriptId: 8 }, { ...OLD, postInstallScriptId: 7 });
    assert.deepEqual(failures, []);
  });

  it("refuses another script where there is no fingerprint", async () => {
    const { failures } = await check({ postInstallScriptId: 8 }, { ...ALICE, postInstallScriptId: 7, __provider: "text" });
    assert.match(failures[0]?.reason ?? "", /postInstallScriptId 7 -> 8 .*made anew: give postInstallFingerprint/);
    assert.deepEqual((await check({ postInstallScriptId: 8, postInstallFingerprint: "1" }, { ...ALICE, postInstallScriptId: 7, __provider: "text" })).failures, []);
  });

  it("refuses nothing for what is not known before `up`", async () => {
    const unknown = { recreation: UNKNOWN, enableBackups: UNKNOWN, templateId: UNKNOWN, plan: UNKNOWN, postInstallFingerprint: UNKNOWN };
    assert.deepEqual((await check(unknown, OLD)).failures, []);
  });

  it("refuses another backup schedule, which the API cannot change", async () => {
    const { failures } = await check({ postInstallFingerprint: "aa", enableBackups: false }, OLD);
    assert.equal(failures[0]?.property, "enableBackups");
  });

  it("refuses to buy in place of a VM that is gone, until the switch names it", async () => {
    const gone = { ...OLD, goneVmId: 99 };
    assert.match((await check({ postInstallFingerprint: "aa" }, gone)).failures[0]?.reason ?? "", /VM_GONE: VM 99 .*allowReplaceOf 99/);
    assert.deepEqual((await check({ postInstallFingerprint: "aa", allowReplaceOf: 99 }, gone)).failures, []);
  });

  it("takes what changes in place", async () => {
    const { failures } = await check({ postInstallFingerprint: "aa", hostname: "alina.spoq.dev", rootPassword: "fake-Password-2", autoRenew: false, sshPublicKey: "ssh-ed25519 AAAA", wipeOnDelete: true }, OLD);
    assert.deepEqual(failures, []);
  });
});
