export * from "./environment.ts";
export * from "./roles.ts";
export * from "./settings.ts";
export * from "./variables.ts";
