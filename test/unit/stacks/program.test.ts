import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { describe, it } from "vitest";
import { userVpsProgram } from "../../../stacks/program.ts";

describe("the stack's program", () => {
  it("is refused for a setting of the stack that is misspelt, before it declares anything, and for no other's", () => {
    pulumi.runtime.setAllConfig({ "user-vps:username": "alice", "user-vps:alowPurchase": "false", "ticket:alowPurchases": "4711" });
    assert.throws(() => userVpsProgram({ CLOUDFLARE_ZONE_ID: "zone", CONDUCTOR_URL: "https://downloads.example.com/conductor", CLI_URL: "https://downloads.example.com/spoq" }), /CONFIG_INVALID: 1 setting of the stack cannot be used:\n {2}- alowPurchase is no setting; is allowPurchase meant\?/);
  });
});
