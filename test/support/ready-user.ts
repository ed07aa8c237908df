import type { Queryable } from "../../src/db/queryable.ts";
import { requestVps } from "../../src/records/index.ts";

/** A user of that id and name whose VPS is ready, in the records alone. */
export async function insertReadyUser(db: Queryable, username: string): Promise<void> {
  await requestVps(db, { userId: username, username, hostname: `${username}.spoq.dev`, plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
  await db.query("UPDATE user_vps SET status = 'ready', phase = 'done', ready_at = now() WHERE user_id = $1", [username]);
}
