/** Whether a `user_vps` that an older backend has made can ever hold this service's rows: told before the first migration, all at once, by name. */
import type { Queryable } from "./queryable.ts";

/** Columns that hold texts, and how long these get; from migrations 001 and 006. */
const TEXTS: Readonly<Record<string, number>> = {
  username: 63, hostname: 253, status: 14, phase: 20, waiting_for: 500, error_code: 64, reason: 2_000, next_step: 2_000, ssh_public_key: 8_192,
  address: 45, subscription_id: 64, url: 300, hostinger_order_id: 64, plan_id: 64,
};
const NUMBERS = ["template_id", "data_center_id", "version", "credentials_rotation", "credentials_saved_rotation", "hostinger_vm_id"];
const TIMES = ["requested_at", "ready_at", "updated_at", "credentials_shown_at"];
/** Not known at a signup, or not any more once a VPS was given up. */
const EMPTY_AT_TIMES = ["phase", "waiting_for", "error_code", "reason", "next_step", "ssh_public_key", "address", "subscription_id", "url", "ready_at", "hostinger_vm_id", "hostinger_order_id", "credentials_shown_at"];
/** Written at a signup, or given a default by migration 002. */
const FILLED = new Set(["user_id", ...Object.keys(TEXTS), ...NUMBERS, ...TIMES, "created_at"]);
const STATUSES = ["queued", "provisioning", "ready", "failed", "suspended", "deprovisioning", "deprovisioned"];

interface Column {
  readonly name: string;
  readonly type: string;
  readonly length: number | null;
  readonly isNullable: boolean;
  readonly isFilled: boolean;
}

const COLUMNS = `
  SELECT column_name AS name, data_type AS type, character_maximum_length AS length, is_nullable = 'YES' AS "isNullable",
    column_default IS NOT NULL OR is_identity = 'YES' OR is_generated = 'ALWAYS' AS "isFilled"
  FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'user_vps' ORDER BY ordinal_position`;

const CONSTRAINTS = `
  SELECT conname AS name, contype AS kind, pg_get_constraintdef(oid) AS text,
    ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey)) AS columns
  FROM pg_constraint WHERE conrelid = to_regclass('user_vps') AND contype IN ('c', 'f') ORDER BY conname`;

/** @throws Error that names everything that stands in the way, with what to do */
export async function refuseUnusableTable(db: Queryable): Promise<void> {
  const { rows: columns } = await db.query<Column>(COLUMNS);
  if (columns.length === 0) return;
  const { rows: constraints } = await db.query<{ name: string; kind: "c" | "f"; text: string; columns: string[] }>(CONSTRAINTS);
  const problems = [
    ...columns.flatMap(problemsOf),
    ...constraints.flatMap(({ name, kind, text, columns: of }) => {
      if (kind === "f") return [`the foreign key ${name} (${text}): a signup has no row there, and a row that is deleted there would take the record of a paid VM with it. ALTER TABLE user_vps DROP CONSTRAINT ${name}`];
      const lacks = of.includes("status") ? STATUSES.filter((status) => !text.includes(`'${status}'`)) : [];
      return lacks.length > 0 ? [`the constraint ${name} (${text}) does not allow the status ${lacks.join(", ")}. ALTER TABLE user_vps DROP CONSTRAINT ${name}`] : [];
    }),
    ...(await duplicates(db, columns)),
  ];
  if (problems.length === 0) return;
  throw new Error(`There is a table user_vps of an older backend that cannot hold this service's rows:\n  - ${problems.join("\n  - ")}\nNothing was changed. Change the table as said, or give the service a database of its own`);
}

function problemsOf({ name, type, length, isNullable, isFilled }: Column): string[] {
  const alter = `ALTER TABLE user_vps ALTER COLUMN ${name}`;
  const known = length === null ? type : `${type}(${length})`;
  // A status that is no text at all is told by migration 002.
  const isText = ["text", "character varying"].includes(type);
  if (name in TEXTS && name !== "status" && !isText) return [`the column ${name} is ${known}, expected text. ${alter} TYPE text`];
  if (name in TEXTS && length !== null && length < TEXTS[name]!) return [`the column ${name} is ${known}, expected room for ${TEXTS[name]} characters. ${alter} TYPE text`];
  if (NUMBERS.includes(name) && !["integer", "bigint"].includes(type)) return [`the column ${name} is ${known}, expected integer. Rename it: ALTER TABLE user_vps RENAME COLUMN ${name} TO old_${name}`];
  if (TIMES.includes(name) && !type.startsWith("timestamp")) return [`the column ${name} is ${known}, expected timestamp with time zone. ALTER TABLE user_vps RENAME COLUMN ${name} TO old_${name}`];
  if (!isNullable && EMPTY_AT_TIMES.includes(name)) return [`the column ${name} is NOT NULL, but is not always known. ${alter} DROP NOT NULL`];
  const getsDefault = name === "id" && ["uuid", "integer", "bigint"].includes(type);
  if (!isNullable && !isFilled && !FILLED.has(name) && !getsDefault) {
    return [`the column ${name} (${known}) is NOT NULL without a default, and a signup does not fill it. ${alter} SET DEFAULT ${name === "id" && isText ? "gen_random_uuid()::text" : "…"}, or DROP NOT NULL`];
  }
  return [];
}

async function duplicates(db: Queryable, columns: readonly Column[]): Promise<string[]> {
  if (!columns.some(({ name }) => name === "username") || !columns.some(({ name }) => name === "user_id")) return [];
  const found: string[] = [];
  for (const [what, expression] of [["user_id", "user_id::text"], ["username", "username::text"], ...(columns.some(({ name }) => name === "hostname") ? [["hostname", "hostname::text"]] : [])] as const) {
    const { rows } = await db.query<{ value: string; count: number }>(`SELECT ${expression} AS value, count(*)::int AS count FROM user_vps WHERE username IS NOT NULL GROUP BY 1 HAVING count(*) > 1 AND ${expression} IS NOT NULL LIMIT 3`);
    for (const { value, count } of rows) found.push(`${count} rows with a username have the ${what} '${value}', expected one. Set the username of the others to NULL, or remove them`);
  }
  return found;
}
