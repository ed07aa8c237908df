import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { forgetInState } from "../../../src/provisioning/forget-in-state.ts";

describe("forgetInState", () => {
  it("takes resources out of a state, and whatever refers to them, and leaves all else as it was", async () => {
    const folder = await mkdtemp(join(tmpdir(), "forget-in-state-"));
    try {
      const vm = { urn: "vm", type: "VirtualMachine", dependencies: ["script"], propertyDependencies: { script: ["script"], zone: null } };
      const health = { urn: "health", type: "HealthCheck", dependencies: ["vm", "record"], propertyDependencies: { hostname: ["vm"], name: ["record"] } };
      const script = { urn: "script", type: "PostInstallScript" };
      const exported = { version: 3, deployment: { manifest: { time: "now" }, pending_operations: [{}], resources: [script, vm, { urn: "record", type: "DnsRecord" }, health] } };
      let imported: unknown;
      const cli = async (...args: string[]) => {
        if (args[1] === "import") imported = JSON.parse(await readFile(args[args.indexOf("--file") + 1]!, "utf8"));
        return JSON.stringify(exported);
      };
      await forgetInState({ stackName: "alice", folder, cli }, ({ type }) => type === "DnsRecord");
      const left = { ...health, dependencies: ["vm"], propertyDependencies: { hostname: ["vm"], name: [] } };
      assert.deepEqual(imported, { version: 3, deployment: { manifest: { time: "now" }, resources: [script, vm, left] } });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
