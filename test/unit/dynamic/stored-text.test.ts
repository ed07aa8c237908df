import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "vitest";
import { provider as credentials } from "../../../providers/credentials/credentials.ts";
import { storedText } from "../../../providers/dynamic/stored-text.ts";
import { provider as healthCheck } from "../../../providers/health/health-check.ts";
import { provider as firewall } from "../../../providers/hostinger/firewall.ts";
import { provider as postInstallScript } from "../../../providers/hostinger/post-install-script.ts";
import { provider as ptrRecord } from "../../../providers/hostinger/ptr-record.ts";
import { provider as scriptStub } from "../../../providers/hostinger/script-stub.ts";
import { provider as virtualMachine } from "../../../providers/hostinger/virtual-machine.ts";
import { provider as handover } from "../../../providers/ssh/handover.ts";
import { provider as remoteScript } from "../../../providers/ssh/remote-script.ts";
import { provider as sshHostKey } from "../../../providers/ssh/ssh-host-key.ts";
import { provider as sshLogin } from "../../../providers/ssh/ssh-login.ts";

/** As pulumi.dynamic.Resource has it written. */
async function writtenByTheSdk(provider: pulumi.dynamic.ResourceProvider): Promise<{ text: string; containsSecrets: boolean }> {
  return await pulumi.runtime.serializeFunction(() => provider, { allowSecrets: true });
}

/** With the first digits of the text's SHA-256: it is stored with every such resource of every stack, and a change is a difference on all of them. */
const PROVIDERS = [
  ["Credentials", credentials, "user-vps/providers/credentials/credentials-provider", 6, "10f58712041fb626"],
  ["PostInstallScript", postInstallScript, "user-vps/providers/hostinger/post-install-script-provider", 7, "dae820060dff1521"],
  ["VirtualMachine", virtualMachine, "user-vps/providers/hostinger/virtual-machine-provider", 7, "d780b20db027f5b9"],
  ["HostingerFirewall", firewall, "user-vps/providers/hostinger/firewall-provider", 7, "8b21bb8a7729f6be"],
  ["PtrRecord", ptrRecord, "user-vps/providers/hostinger/ptr-record-provider", 7, "f8e50d6256ff4f42"],
  ["SshHostKey", sshHostKey, "user-vps/providers/ssh/ssh-host-key-provider", 3, "937b3a05e3774e76"],
  ["ScriptStub", scriptStub, "user-vps/providers/hostinger/script-stub-provider", 5, "79512b5dfd5bf541"],
  ["SshLogin", sshLogin, "user-vps/providers/ssh/ssh-login-provider", 3, "be5b252d23a5b224"],
  ["Handover", handover, "user-vps/providers/ssh/handover-provider", 3, "3d2f38713199302b"],
  ["RemoteScript", remoteScript, "user-vps/providers/ssh/remote-script-provider", 3, "90395d1b7510209d"],
  ["HealthCheck", healthCheck, "user-vps/providers/health/health-check-provider", 6, "5bea6a65854508b0"],
] as const;

for (const [name, provider, module, methods, hash] of PROVIDERS) {
  describe(`the stored text of ${name}'s provider`, () => {
    it("is to the letter what the SDK writes, which captures nothing", async () => {
      const { text, containsSecrets } = await writtenByTheSdk(provider);
      assert.equal(storedText(provider), text);
      assert.equal(containsSecrets, false);
    });

    it("is that of the stacks that are there", () => {
      assert.equal(createHash("sha256").update(storedText(provider)).digest("hex").slice(0, 16), hash);
    });

    it(`holds ${methods} methods that only import the implementation`, () => {
      const text = storedText(provider);
      assert.equal(text.match(/^return async function /gm)?.length, methods);
      assert.equal(text.match(/ await /g)?.length, methods);
      assert.equal(text.split(` = await import("${module}");`).length - 1, methods);
    });
  });
}

describe("storedText", () => {
  it("refuses a method of another form, whose text it does not know", () => {
    assert.throws(() => storedText({ create: () => Promise.resolve({ id: "1" }) }), /create is not written as/);
  });
});
