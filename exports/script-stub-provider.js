import "./strip-types.js";

const { configure, create, diff, read, update } = await import("../providers/hostinger/script-stub-provider.ts");

export { configure, create, diff, read, update };
