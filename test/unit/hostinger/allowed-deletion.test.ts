import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { ALLOW_DELETE_VARIABLE } from "../../../providers/hostinger/allow-delete.ts";
import { refuseDeletion } from "../../../providers/hostinger/deletion-fence.ts";

describe("a run that may give single VMs up", () => {
  it("may give up those, and no other one", () => {
    const env = { [ALLOW_DELETE_VARIABLE]: "17,18" };
    const protectedVm = { allowDelete: false, hostname: "alice.spoq.dev" };
    for (const vmId of [17, 18]) refuseDeletion(vmId, protectedVm, env);
    for (const vmId of [1, 7, 1718]) assert.throws(() => refuseDeletion(vmId, protectedVm, env), /DELETION_PROTECTED/);
  });
});
