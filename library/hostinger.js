import "./strip-types.js";

export const { HostingerFirewall, PostInstallScript, PtrRecord, VirtualMachine } = await import("../providers/hostinger/index.ts");
