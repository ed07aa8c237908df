import "./strip-types.js";

export const { HostingerFirewall, PostInstallScript, PtrRecord, ScriptStub, VirtualMachine } = await import("../providers/hostinger/index.ts");
