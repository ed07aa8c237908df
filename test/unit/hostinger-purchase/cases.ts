import assert from "node:assert/strict";
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { ErrorCode } from "../../../providers/core/errors.ts";
import { recordContent, recordName } from "../../../providers/hostinger/purchase/record.ts";
import type { PurchaseData } from "../../../providers/hostinger/purchase/record.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import { ALICE } from "../../support/fake-account.ts";

export const RECORD = recordName(ALICE.hostname);
export const BY = { who: "an operator", why: "the test" };

/** As 0.1.0 wrote it. */
export function oldMark(lifeMs: number): string {
  return `#!/bin/sh\n# at=${Date.now()} lifeMs=${lifeMs}\n`;
}

export function content(hostname: string, data: Partial<Omit<PurchaseData, "version">>): string {
  return recordContent(hostname, { key: `key-of-${hostname}`, plan: ALICE.plan, intentMs: 100, state: "sent", moves: [{ state: "intended", at: new Date().toISOString() }], ...data }, Date.now());
}

export async function rejectsWithCode(promise: Promise<unknown>, code: ErrorCode, told = /./): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof UserVpsError && error.code === code && told.test(error.message));
}

/** `scripts` or another group of calls, with some of them replaced. */
export function withCalls(session: Session, group: "scripts" | "virtualMachines" | "subscriptions", calls: object): Session {
  const client = { ...session.client, [group]: { ...session.client[group], ...calls } };
  return { ...session, client: client as unknown as Session["client"] };
}

export function fails(code: ErrorCode): () => Promise<never> {
  return () => Promise.reject(new UserVpsError(code, "simulated"));
}

export function ago(ms: number): string {
  return new Date(Date.now() - ms).toISOString();
}
