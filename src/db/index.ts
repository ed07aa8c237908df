export * from "./queryable.ts";
export * from "./connections.ts";
export * from "./outage.ts";
export * from "./transaction.ts";
export * from "./migrate.ts";
export * from "./embedded.ts";
export { defaultEmbeddedFolder } from "./embedded-folder.ts";
export * from "./open-database.ts";
export * from "./reach-database.ts";
