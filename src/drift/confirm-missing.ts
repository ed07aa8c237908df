/** A list that lacks somebody's VM or record is no proof that it is gone: it is asked for by itself first. */
import { ofNobody } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { inParallel } from "./in-parallel.ts";
import type { FleetUser } from "./users.ts";

/** As people call what it holds. */
export type ListName = "virtual machines" | "DNS records";

export interface MissingFromList<Thing> {
  readonly list: ListName;
  readonly missing: readonly FleetUser[];
  /** Of whom nothing is judged for now, but what is theirs is not in the list either, and somebody may take it for nobody's. */
  readonly beside?: readonly FleetUser[];
  /** Whose is in the list in a way that cannot be read: it is not lost, whatever is said of it by its own address. */
  readonly isListed?: (user: FleetUser) => boolean;
  /** How many of the fleet should be in the list. */
  readonly expected: number;
  /** User names of whom the last sweeps have said so already. */
  readonly known: ReadonlySet<string>;
  /** The last sweep did not believe the list. */
  readonly wasDoubted: boolean;
  /** By its own address; empty: it is not there. */
  readonly look: (user: FleetUser) => Promise<readonly Thing[]>;
  readonly signal?: AbortSignal | undefined;
}

export interface Confirmed<Thing> {
  /** There after all. */
  readonly found: readonly Thing[];
  /** User names about whom nothing can be said this time. */
  readonly unsure: readonly string[];
  /** What is neither in the list nor `found` is known not to be there, as far as anybody is recorded to have it. */
  readonly isWhole: boolean;
  readonly doubt: Finding | undefined;
  readonly calls: number;
}

/** Of one list in one sweep; the others are looked for at the next. */
const MOST_LOOKS = 100;
const LOOKS_AT_ONCE = 4;

const FEW = 3;
const SMALL_PART = 0.1;

/** More than a small part of a fleet does not change by itself between two looks: then the look is doubted. */
export function isTooManyAtOnce(count: number, of: number): boolean {
  return count > Math.max(FEW, of * SMALL_PART);
}

/**
 * Looks for each that is missing by itself. If too many are missing at once the list is doubted: who is
 * not found then is not judged before the next sweep finds the same.
 */
export async function confirmMissing<Thing>({ list, missing, beside = [], isListed = () => false, expected, known, wasDoubted, look, signal }: MissingFromList<Thing>): Promise<Confirmed<Thing>> {
  const fresh = missing.filter(({ username }) => !known.has(username));
  const isDoubted = isTooManyAtOnce(fresh.length, expected) && !wasDoubted;
  const inTurn = [...fresh, ...missing.filter(({ username }) => known.has(username)), ...beside];
  const looked = inTurn.slice(0, MOST_LOOKS);
  const unsure = inTurn.slice(MOST_LOOKS);
  const found: Thing[] = [];
  let there = 0;
  await inParallel(looked, LOOKS_AT_ONCE, async (user) => {
    try {
      const things = await look(user);
      found.push(...things);
      if (things.length > 0) there++;
      else if (isDoubted) unsure.push(user);
    } catch {
      signal?.throwIfAborted();
      unsure.push(user);
    }
  });
  return {
    found, unsure: unsure.map(({ username }) => username), isWhole: unsure.every(isListed) && !isTooManyAtOnce(there, expected),
    doubt: isDoubted ? doubtOf(list, expected, fresh, { looked: looked.length, there }) : undefined, calls: looked.length,
  };
}

export function doubtOf(list: string, expected: number, missing: readonly { readonly username: string | null }[], asked?: { looked: number; there: number }): Finding {
  const some = missing.slice(0, 5).map(({ username }) => username).join(", ");
  const answer = asked ? ` Of ${asked.looked} that were asked for one by one, ${asked.there} are there.` : "";
  return ofNobody("ListDoubted", list, `${list} of ${expected} users`, `the list of ${list} lost those of ${missing.length} users at once (${some}${missing.length > 5 ? ", …" : ""}).${answer}`);
}
