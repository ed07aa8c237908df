/** Until when each VM is paid: one list of the subscriptions for all whose term is not known, or over. */
import type { Session } from "../../providers/hostinger/session.ts";
import type { Queryable } from "../db/queryable.ts";
import { storableJson } from "../db/storable.ts";

export async function hasUnknownTerms(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ has: boolean }>("SELECT EXISTS (SELECT FROM vps_purchases WHERE state = 'bought' AND subscription_id IS NOT NULL AND (paid_until IS NULL OR paid_until < statement_timestamp() AND paid_until > statement_timestamp() - interval '3 days')) AS has");
  return rows[0]!.has;
}

/** GET /api/billing/v1/subscriptions */
export async function readTerms(db: Queryable, { client, signal }: Session): Promise<void> {
  const terms = (await client.subscriptions.list({ signal })).map(({ id, expiresAt, nextBillingAt }) => ({ id, paidUntil: expiresAt ?? nextBillingAt })).filter(({ paidUntil }) => paidUntil !== null);
  await db.query(
    `UPDATE vps_purchases SET paid_until = term."paidUntil" FROM jsonb_to_recordset($1) AS term (id text, "paidUntil" timestamptz)
     WHERE state = 'bought' AND subscription_id = term.id AND paid_until IS DISTINCT FROM term."paidUntil"`,
    [storableJson(terms)],
  );
}
