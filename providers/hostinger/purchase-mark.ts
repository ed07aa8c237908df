import { DAY_MS, SECOND_MS } from "../core/time.ts";
import type { PostInstallScript } from "./api/client.ts";
import { deleteScript } from "./delete-script.ts";
import type { Session } from "./session.ts";

/**
 * The durable mark of the intent to buy (rule 1), kept where every possible buyer sees it: in the
 * Hostinger account itself, as a post-install script that no VM uses. Ids are given out in order,
 * so of several marks for one host name the lowest id is first; who is not first waits. It holds
 * for workers on several machines, orphaned provider processes and a plain `pulumi up` alike.
 */
export interface PurchaseMark {
  readonly id: number;
  /** By Hostinger's clock. */
  readonly createdAtMs: number;
  /** From here on the purchase of the mark's owner cannot land any more. */
  readonly expiresAtMs: number;
}

/** A purchase call is only begun when its mark is younger than this. */
export const MARK_USABLE_MS = 10 * SECOND_MS;

const NAME_PREFIX = "user-vps purchase mark ";

export function markName(hostname: string): string {
  return NAME_PREFIX + hostname;
}

/** How long a mark must be respected: until its owner's last possible call has landed and shows. */
export function markLifeMs(settings: { purchaseTimeoutMs: number; purchaseSettleMs: number }): number {
  return MARK_USABLE_MS + settings.purchaseTimeoutMs + settings.purchaseSettleMs;
}

export async function leaveMark(session: Session, hostname: string): Promise<PurchaseMark> {
  const content = markContent(session, hostname, markLifeMs(session.settings));
  const script = await session.client.scripts.create({ name: markName(hostname), content }, { signal: session.signal });
  return parseMark(script);
}

/** For an order that was accepted without naming its VM: no other purchase until it shows or a day is over. */
export async function prolongMark(session: Session, mark: PurchaseMark, hostname: string): Promise<void> {
  await session.client.scripts.update(mark.id, { name: markName(hostname), content: markContent(session, hostname, DAY_MS) });
}

function markContent(session: Session, hostname: string, lifeMs: number): string {
  return `#!/bin/sh\n# user-vps is buying a VM for ${hostname}. Not for running; it goes when the VM is there.\n# at=${serverNowMs(session)} lifeMs=${lifeMs}\n`;
}

/** All marks for the host name, the one that is first in the queue first. `GET /post-install-scripts`, all pages. */
export async function listMarks(session: Session, hostname: string): Promise<PurchaseMark[]> {
  const scripts = await session.client.scripts.list({ signal: session.signal });
  return scripts
    .filter((script) => script.name === markName(hostname))
    .map(parseMark)
    .sort((a, b) => a.id - b.id);
}

/** Removes marks; one that is already gone is fine. */
export async function removeMarks(session: Session, marks: readonly PurchaseMark[]): Promise<void> {
  for (const mark of marks) await deleteScript(session, mark.id);
}

export function serverNowMs(session: Session): number {
  return Date.now() + session.client.serverTimeOffsetMs;
}

/** The API's `created_at` counts; where it is missing, the time that the owner wrote down. */
function parseMark(script: PostInstallScript): PurchaseMark {
  const written = (field: string) => Number(new RegExp(`${field}=(\\d+)`).exec(script.content ?? "")?.[1] ?? 0);
  const told = Date.parse(script.createdAt ?? "");
  const createdAtMs = Number.isNaN(told) ? written("at") : told;
  return {
    id: script.id,
    createdAtMs,
    expiresAtMs: createdAtMs + written("lifeMs"),
  };
}
