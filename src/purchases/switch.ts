import type { Queryable } from "../db/queryable.ts";

/** Whether anything is bought, and who says so. */
export interface PurchaseSwitch {
  readonly isOn: boolean;
  /** An operator; null: the setting PURCHASES. */
  readonly setBy: string | null;
  readonly reason: string | null;
  readonly setAt: Date | null;
}

/** What an operator has said, else the setting. */
export async function readSwitch(db: Queryable, setting: "on" | "off"): Promise<PurchaseSwitch> {
  const { rows } = await db.query<PurchaseSwitch>(`SELECT is_on AS "isOn", set_by AS "setBy", reason, set_at AS "setAt" FROM vps_purchase_switch`);
  return rows[0] ?? { isOn: setting === "on", setBy: null, reason: null, setAt: null };
}

export async function setSwitch(db: Queryable, { isOn, by, reason }: { readonly isOn: boolean; readonly by: string; readonly reason: string | null }): Promise<void> {
  await db.query(
    `INSERT INTO vps_purchase_switch (is_on, set_by, reason) VALUES ($1, $2, $3)
     ON CONFLICT (only_one) DO UPDATE SET is_on = EXCLUDED.is_on, set_by = EXCLUDED.set_by, reason = EXCLUDED.reason, set_at = clock_timestamp()`,
    [isOn, by, reason],
  );
}
