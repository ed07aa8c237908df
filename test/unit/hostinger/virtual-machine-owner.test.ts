import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { describe, it } from "vitest";
import { VirtualMachine } from "../../../providers/hostinger/virtual-machine.ts";

const ARGS = { plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, hostname: "alice.spoq.dev", rootPassword: "fake-Password-1" };

describe("the owner of a VM that a program declares", () => {
  const ownersOf = async (stack: string, organization?: string) => {
    const owners: unknown[] = [];
    await pulumi.runtime.setMocks({ newResource: ({ inputs, name }) => { owners.push(inputs["owner"]); return { id: name, state: inputs }; }, call: () => ({}) }, "site", stack, false, organization);
    for (const vm of [new VirtualMachine("vm", ARGS), new VirtualMachine("second", ARGS), new VirtualMachine("named", { ...ARGS, owner: "user_42" })]) {
      await new Promise((known) => vm.id.apply(known));
    }
    return owners;
  };

  it("is its resource of its stack, unless the program names one", async () => {
    assert.deepEqual(await ownersOf("dev", "acme"), ["acme/site/dev/vm", "acme/site/dev/second", "user_42"]);
    assert.deepEqual(await ownersOf("prod", "acme"), ["acme/site/prod/vm", "acme/site/prod/second", "user_42"]);
  });

  it("is known in a program's own tests too, which need not name an organization", async () => {
    assert.deepEqual(await ownersOf("dev"), ["organization/site/dev/vm", "organization/site/dev/second", "user_42"]);
  });
});
