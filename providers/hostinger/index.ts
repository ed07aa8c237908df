/** The Hostinger resources for any Pulumi program. */
export { HostingerFirewall } from "./firewall.ts";
export type { FirewallRule, HostingerFirewallArgs } from "./firewall.ts";
export { PostInstallScript } from "./post-install-script.ts";
export type { PostInstallScriptArgs } from "./post-install-script.ts";
export { PtrRecord } from "./ptr-record.ts";
export type { PtrRecordArgs } from "./ptr-record.ts";
export { ScriptStub } from "./script-stub.ts";
export type { ScriptStubArgs } from "./script-stub.ts";
export { VirtualMachine } from "./virtual-machine.ts";
export type { VirtualMachineArgs } from "./virtual-machine.ts";
