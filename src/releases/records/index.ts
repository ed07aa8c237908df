export * from "./releases.ts";
export * from "./roll-outs.ts";
export * from "./members.ts";
