import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { provider as firewall } from "../../../providers/hostinger/firewall.ts";
import { provider as ptrRecord } from "../../../providers/hostinger/ptr-record.ts";
import { provider as scriptStub } from "../../../providers/hostinger/script-stub.ts";
import { provider as sshHostKey } from "../../../providers/ssh/ssh-host-key.ts";
import { provider as sshLogin } from "../../../providers/ssh/ssh-login.ts";

// The text is stored with every such resource of every stack: each change of it is a difference on all of them.
const PROVIDERS = [
  ["HostingerFirewall", firewall, "user-vps/providers/hostinger/firewall-provider", 7],
  ["PtrRecord", ptrRecord, "user-vps/providers/hostinger/ptr-record-provider", 7],
  ["ScriptStub", scriptStub, "user-vps/providers/hostinger/script-stub-provider", 5],
  ["SshHostKey", sshHostKey, "user-vps/providers/ssh/ssh-host-key-provider", 3],
  ["SshLogin", sshLogin, "user-vps/providers/ssh/ssh-login-provider", 3],
] as const;

for (const [name, provider, module, methods] of PROVIDERS) {
  describe(`the serialised text of ${name}'s provider`, () => {
    it(`holds ${methods} methods that only import the implementation, and captures nothing`, async () => {
      const { text, containsSecrets } = await pulumi.runtime.serializeFunction(() => provider, { allowSecrets: true });
      assert.equal(containsSecrets, false);
      assert.equal(text.split(`const implementation = await import("${module}");`).length - 1, methods);
      assert.deepEqual(text.match(/with\(\{(?! this: undefined, arguments: undefined \}).*/g), ["with({ provider: __provider, this: undefined, arguments: undefined }) {"]);
      assert.ok(text.length < 3_000, `${text.length} characters`);
    });
  });
}
