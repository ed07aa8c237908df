/**
 * What this process has written and read itself in this very run of the engine, a moment ago: it need
 * not be asked for once more. A run has one signal, though each kind of resource opens a session of
 * its own. Nothing of it outlives the run, and nothing that decides on a purchase rests on it alone:
 * after the intent to buy is written, everything is read anew (purchase/obtain.ts).
 */
import type { PostInstallScript } from "./api/client.ts";
import type { Session } from "./session.ts";

interface OwnWrites {
  /** By the script's id. Secret. */
  readonly contents: Map<number, string>;
  /** Made here, after `scripts` was read. */
  readonly made: Set<number>;
  /** The account's newest, the newest first. */
  scripts: readonly PostInstallScript[] | undefined;
}

const byRun = new WeakMap<AbortSignal, Map<string, OwnWrites>>();

function own({ signal, settings: { baseUrl } }: Session): OwnWrites {
  const accounts = byRun.get(signal) ?? new Map<string, OwnWrites>();
  byRun.set(signal, accounts);
  const known = accounts.get(baseUrl) ?? { contents: new Map<number, string>(), made: new Set<number>(), scripts: undefined };
  accounts.set(baseUrl, known);
  return known;
}

export function noteNewestScripts(session: Session, scripts: readonly PostInstallScript[]): void {
  own(session).scripts = scripts;
}

export function noteScriptMade(session: Session, id: number, content: string): void {
  own(session).made.add(id);
  noteScriptContent(session, id, content);
}

export function noteScriptContent(session: Session, id: number, content: string): void {
  own(session).contents.set(id, content);
}

export function hasWritten(session: Session, id: number, content: string): boolean {
  return own(session).contents.get(id) === content;
}

/** The account's newest scripts as they were just before this run made the one of this id; undefined if it did not. */
export function scriptsBefore(session: Session, id: number | undefined): readonly PostInstallScript[] | undefined {
  const { made, scripts } = own(session);
  return id !== undefined && made.has(id) ? scripts : undefined;
}
