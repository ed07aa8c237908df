import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { WorldState } from "./model.ts";
import type { AuthorityFiles } from "./vm/certificate-authority.ts";
import { DEFAULT_SETTINGS, emptyState } from "./world.ts";
import type { World } from "./world.ts";

/** All that a sandbox needs to be the same one after a restart. */
export interface Saved {
  ports: { api: number; dns: number; https: number; ssh?: number };
  authority: AuthorityFiles;
  state: WorldState;
}

/** undefined if there is no such file yet. What an older sandbox did not know yet is as at a first start. */
export function load(file: string): Saved | undefined {
  if (!existsSync(file)) return undefined;
  const saved = JSON.parse(readFileSync(file, "utf8")) as Saved;
  return { ...saved, state: { ...emptyState(), ...saved.state, settings: { ...DEFAULT_SETTINGS, ...saved.state.settings } } };
}

/**
 * Writes the state after every change, before the request that made it is answered (a microtask comes before
 * the answer), so that not even kill -9 makes the sandbox forget a purchase. The file is complete at any time.
 */
export function saveOnChange(file: string, world: World, rest: Omit<Saved, "state">): void {
  mkdirSync(dirname(file), { recursive: true });
  let pending = false;
  const save = () => {
    pending = false;
    const saved: Saved = { ...rest, state: world.state };
    const unfinished = `${file}.${process.pid}.tmp`;
    writeFileSync(unfinished, JSON.stringify(saved), { mode: 0o600 });
    renameSync(unfinished, file);
  };
  world.on("changed", () => {
    if (!pending) queueMicrotask(save);
    pending = true;
  });
  save();
}
