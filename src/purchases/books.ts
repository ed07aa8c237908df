/** What has been spent and reserved so far, as the caps count it. Days and months are those of UTC. */
import { DAY_BEGAN, MONTH_BEGAN } from "../db/calendar.ts";
import type { Queryable } from "../db/queryable.ts";
import { IS_COUNTED, MAY_HAVE_COST } from "../records/index.ts";

export interface Books {
  /** Bought, reserved, awaiting payment or in doubt since midnight. */
  readonly purchasesToday: number;
  readonly spentTodayCents: number;
  readonly purchasesThisMonth: number;
  readonly spentThisMonthCents: number;
  /** VMs that users have, those that wait in pools, and those that are being bought. */
  readonly fleet: number;
  /** First certificates of the last seven days, and those of users whose VPS, or whose new host name, is on its way. What waits in a pool has none. */
  readonly certificates: number;
  /** When the oldest of these leaves the seven days; null if there is none. */
  readonly nextCertificateAt: Date | null;
  /** Being bought, or not healthy yet: each will want a record in the zone. */
  readonly onTheirWay: number;
  readonly now: Date;
}

/*
 * Only what is recent is read, by index. Each `(SELECT …) IS NULL` asks for just one row, where PostgreSQL may read the whole
 * table once for all of a `NOT EXISTS`.
 */
const A_WEEK_AGO = "statement_timestamp() - interval '7 days'";
const IS_BOUGHT_THIS_WEEK = `(state = 'bought' AND bought_at > ${A_WEEK_AGO})`;

function hasNoCertificate(hostname: string): string {
  return `(SELECT true FROM vps_certificates WHERE vps_certificates.hostname = ${hostname}) IS NULL`;
}

const COUNTED = `
  SELECT *, reserved_at >= ${DAY_BEGAN} AS is_today
  FROM vps_purchases WHERE ${IS_COUNTED} AND reserved_at >= ${MONTH_BEGAN}`;

/** Users' purchases that have not led to a certificate yet. */
const ON_THEIR_WAY = `
  SELECT hostname FROM vps_purchases
  WHERE (${MAY_HAVE_COST} OR ${IS_BOUGHT_THIS_WEEK})
    AND ${hasNoCertificate("vps_purchases.hostname")}
    AND (SELECT true FROM vps_pool_members WHERE member_id = vps_purchases.user_id) IS NULL`;

const FROM_POOL = "SELECT count(*)::int AS count FROM vps_pool_members WHERE state = 'claimed'";

/** Host names that open changes bring, but for those that are on their way already. */
const DECLARED = `
  SELECT count(DISTINCT declared_after ->> 'hostname')::int AS count FROM vps_changes
  WHERE ended_at IS NULL AND user_id IS DISTINCT FROM $1
    AND ${hasNoCertificate("declared_after ->> 'hostname'")}
    AND NOT EXISTS (SELECT FROM on_their_way WHERE hostname = declared_after ->> 'hostname')`;

const CERTIFIED = `SELECT count(*)::int AS count, min(first_at) AS oldest FROM vps_certificates WHERE first_at > ${A_WEEK_AGO}`;

/** VMs of purchases, as long as no record of a user or of a pool's member has them. */
const BEING_BOUGHT = `
  SELECT count(*)::int AS count FROM vps_purchases
  WHERE ${MAY_HAVE_COST}
    OR (${IS_BOUGHT_THIS_WEEK}
      AND EXISTS (SELECT FROM user_vps WHERE user_vps.user_id::text = vps_purchases.user_id AND is_managed AND hostinger_vm_id IS NULL AND status <> 'deprovisioned')
      AND (SELECT true FROM vps_pool_members WHERE member_id = vps_purchases.user_id AND claimed_by IS NOT NULL) IS NULL)`;

const READ = `
  WITH counted AS (${COUNTED}), on_their_way AS (${ON_THEIR_WAY}), from_pool AS (${FROM_POOL}), declared AS (${DECLARED}), certified AS (${CERTIFIED}), being_bought AS (${BEING_BOUGHT})
  SELECT
    count(*) FILTER (WHERE is_today)::int AS "purchasesToday",
    coalesce(sum(price_cents) FILTER (WHERE is_today), 0)::double precision AS "spentTodayCents",
    count(*)::int AS "purchasesThisMonth",
    coalesce(sum(price_cents), 0)::double precision AS "spentThisMonthCents",
    (SELECT coalesce(sum(delta), 0)::int FROM vps_counts WHERE kind = 'vms') + (SELECT count FROM being_bought) AS fleet,
    (SELECT count FROM certified) + (SELECT count(*)::int FROM on_their_way) + (SELECT count FROM from_pool) + (SELECT count FROM declared) AS certificates,
    (SELECT oldest + interval '7 days' FROM certified) AS "nextCertificateAt",
    (SELECT count(*)::int FROM on_their_way) + (SELECT count FROM from_pool) AS "onTheirWay",
    clock_timestamp() AS now
  FROM counted`;

/** @param asking the user who asks, if one does: what that one's open change needs is no other's */
export async function readBooks(db: Queryable, asking: string | null = null): Promise<Books> {
  return (await db.query<Books>(READ, [asking])).rows[0]!;
}

/**
 * Whoever takes one of the last certificates counts the one that was taken before. Asked for after the user's row: nobody who
 * waits for it holds anything that its holder still needs.
 * @param db inside a transaction, to whose end nobody else counts
 */
export async function countInTurn(db: Queryable): Promise<void> {
  await db.query("SELECT pg_advisory_xact_lock(hashtextextended('user-vps:certificates', 0))");
}

/** So many may be taken side by side, at most: of fewer, whoever is next counts the one before. */
const FEW_CERTIFICATES = 64;

/** @param db inside a transaction that has locked the user, or makes it */
export async function isCertificateLeft(db: Queryable, { certificatesPerWeek }: { readonly certificatesPerWeek: number }, asking: string): Promise<boolean> {
  const left = async () => certificatesPerWeek - (await readBooks(db, asking)).certificates;
  const atFirst = await left();
  if (atFirst <= 0 || atFirst > FEW_CERTIFICATES) return atFirst > 0;
  await countInTurn(db);
  return (await left()) > 0;
}

/** Whether the host name has had one: its next one is not its first. */
export async function hasCertificate(db: Queryable, hostname: string): Promise<boolean> {
  return (await db.query("SELECT FROM vps_certificates WHERE hostname = $1", [hostname])).rowCount === 1;
}

/** A host name has got its certificate: the first one counts, once. */
export async function noteCertificate(db: Queryable, hostname: string, userId: string): Promise<void> {
  await db.query("INSERT INTO vps_certificates (hostname, user_id, first_at) VALUES ($1, $2, clock_timestamp()) ON CONFLICT (hostname) DO NOTHING", [hostname, userId]);
}
