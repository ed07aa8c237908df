import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { wayInto } from "../../../src/provisioning/way-in.ts";

const VM = { type: "pulumi-nodejs:dynamic/hostinger:VirtualMachine", outputs: { ipv4: "192.0.2.7" } };
const CREDENTIALS = { type: "pulumi-nodejs:dynamic/user-vps:Credentials", outputs: { password: { plaintext: JSON.stringify("fake-password") } } };
const pinnedBy = (type: string) => ({ type: `pulumi-nodejs:dynamic/user-vps:${type}`, outputs: { hostKey: "ecdsa-sha2-nistp256 AAAA" } });
const hostKeyOf = (resources: readonly { type: string; outputs: Record<string, unknown> }[], hostKey?: string) =>
  wayInto("alice", { deployment: { resources: [VM, CREDENTIALS, ...resources] } }, { port: 22, hostKey }).server.hostKey;

describe("the way onto a user's VPS", () => {
  for (const type of ["SshHostKey", "Handover"]) {
    it(`expects the host key that the stack has pinned in its ${type}`, () => assert.equal(hostKeyOf([pinnedBy(type)]), "ecdsa-sha2-nistp256 AAAA"));
  }

  it("expects the one of the settings before any other, and none where none is known", () => {
    assert.equal(hostKeyOf([pinnedBy("SshHostKey")], "ssh-ed25519 BBBB"), "ssh-ed25519 BBBB");
    assert.equal(hostKeyOf([]), undefined);
  });
});
