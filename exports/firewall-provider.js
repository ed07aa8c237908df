import "./strip-types.js";

const { check, configure, create, delete: remove, diff, read, update } = await import("../providers/hostinger/firewall-provider.ts");

export { check, configure, create, remove as delete, diff, read, update };
