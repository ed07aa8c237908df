/** What a process does: answer HTTP, run the engine, or both. */
export const ROLES = ["all", "http", "worker"] as const;
export type Role = (typeof ROLES)[number];
