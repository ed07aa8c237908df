/** The Hostinger resources for any Pulumi program. */
export { PostInstallScript } from "./post-install-script.ts";
export type { PostInstallScriptArgs } from "./post-install-script.ts";
export { VirtualMachine } from "./virtual-machine.ts";
export type { VirtualMachineArgs } from "./virtual-machine.ts";
