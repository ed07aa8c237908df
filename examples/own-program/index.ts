import * as pulumi from "@pulumi/pulumi";
import { PostInstallScript, VirtualMachine } from "user-vps/providers/hostinger";

const config = new pulumi.Config();
const script = new PostInstallScript("script", { name: `hello ${pulumi.getStack()}`, content: "#!/bin/bash\necho hello > /root/hello\n" });
const vm = new VirtualMachine("vm", {
  hostname: config.require("hostname"),
  plan: "hostingercom-vps-kvm1-usd-1m", dataCenterId: 9, templateId: 1007,
  rootPassword: config.requireSecret("rootPassword"),
  postInstallScriptId: script.scriptId,
  allowDelete: config.getBoolean("allowDelete") ?? false,
});
export const address = vm.ipv4;
