import assert from "node:assert/strict";
import { beforeEach, describe, it } from "vitest";
import { inTransaction } from "../../src/db/index.ts";
import { saveFindings } from "../../src/drift/findings.ts";
import type { Finding } from "../../src/drift/finding.ts";
import { endProbe, openBreaker } from "../../src/purchases/breaker.ts";
import { markAwaitingPayment, markBought, markReserved, markUncertain, noteWait, wishFor } from "../../src/purchases/purchases.ts";
import { endRollOut, requestVps, saveVpsResult, setVpsStatus } from "../../src/records/index.ts";
import { eachBeginsEmpty } from "../support/each-begins-empty.ts";
import { awayFromMidnight } from "../support/midnight.ts";
import { withDatabase } from "../support/postgres.ts";

const { pool } = await withDatabase();
const PLAN = "hostingercom-vps-kvm1-usd-1m";
let users = 0;

interface Event { readonly type: string; readonly username: string | null; readonly data: Record<string, unknown> }
const told = async () => (await pool.query<Event>("SELECT type, username, data FROM vps_notification_events ORDER BY event_id")).rows;
const types = async () => (await told()).map(({ type }) => type);

async function newUser(): Promise<string> {
  const username = `user${++users}`;
  await requestVps(pool, { userId: username, username, hostname: `${username}.spoq.dev`, plan: PLAN, templateId: 1007, dataCenterId: 9, sshPublicKey: null });
  return username;
}
const wish = async (username: string) => wishFor(pool, { userId: username, username, hostname: `${username}.spoq.dev`, plan: PLAN, changeId: null, askedAt: new Date() });
const finding = (kind: Finding["kind"], subject: string): Finding => ({ kind, subject, userId: null, username: null, declared: "a", actual: "b" });
const save = (findings: Finding[]) => saveFindings(pool, { findings, unexamined: [], unprobed: [] });

beforeEach(awayFromMidnight);
eachBeginsEmpty({ pool });

describe("what is to be told is written in the transaction of the change itself", () => {
  it("a VPS that is ready, for the first time and again, with its address and no secret", async () => {
    const username = await newUser();
    await saveVpsResult(pool, username, { hostingerVmId: 17, address: "192.0.2.7", url: `https://${username}.spoq.dev` });
    for (const status of ["provisioning", "ready", "provisioning", "ready"] as const) await setVpsStatus(pool, username, { status });
    const common = { userId: username, username, hostname: `${username}.spoq.dev`, address: "192.0.2.7", url: `https://${username}.spoq.dev` };
    assert.deepEqual(await told(), [{ type: "vps.ready", username, data: { ...common, isFirst: true } }, { type: "vps.ready", username, data: { ...common, isFirst: false } }]);
  });

  it("a VPS that failed, with what to do next; and one that is given up", async () => {
    const username = await newUser();
    await setVpsStatus(pool, username, { status: "failed", errorCode: "VM_ERROR", reason: "The VM is in error.", nextStep: "Look." });
    await setVpsStatus(pool, username, { status: "deprovisioned" });
    const common = { userId: username, username, hostname: `${username}.spoq.dev` };
    assert.deepEqual(await told(), [{ type: "vps.failed", username, data: { ...common, code: "VM_ERROR", reason: "The VM is in error.", next: "Look." } }, { type: "vps.given_up", username, data: common }]);
  });

  it("is gone with a change that is rolled back", async () => {
    const username = await newUser();
    await assert.rejects(inTransaction(pool, async (db) => {
      await setVpsStatus(db, username, { status: "ready" });
      throw new Error("rolled back");
    }), /rolled back/);
    assert.deepEqual(await told(), []);
  });

  it("a purchase in doubt and one that awaits payment, once however often it is looked at", async () => {
    const username = await newUser();
    const { purchaseId } = await wish(username);
    await markReserved(pool, purchaseId, { firstTermCents: 499, currency: "USD" } as never);
    for (let look = 0; look < 3; look++) await markAwaitingPayment(pool, purchaseId, { orderId: "o1", subscriptionId: "s1" });
    for (let look = 0; look < 3; look++) await markUncertain(pool, purchaseId, "Nothing was found.");
    const [awaiting, uncertain, ...others] = await told();
    assert.deepEqual(others, []);
    assert.deepEqual([awaiting!.type, awaiting!.data["orderId"], awaiting!.data["priceCents"], uncertain!.type, uncertain!.data["evidence"]], ["purchase.awaiting_payment", "o1", 499, "purchase.uncertain", "Nothing was found."]);
  });

  it("a cap that is reached, once for all who wait for it", async () => {
    for (let waiting = 0; waiting < 5; waiting++) {
      const { purchaseId } = await wish(await newUser());
      for (const kind of ["purchases_per_day", "certificates", "purchases_off"] as const) await noteWait(pool, purchaseId, kind);
    }
    assert.deepEqual((await told()).map(({ type, data }) => [type, data["cap"], data["firstUsername"]]), [["cap.reached", "purchases_per_day", `user${users - 4}`], ["cap.reached", "certificates", `user${users - 4}`]]);
  });

  it("the breaker, when it opens and when it closes", async () => {
    const { purchaseId } = await wish(await newUser());
    await openBreaker(pool, purchaseId, "the card was refused", 300);
    await openBreaker(pool, purchaseId + 1, "refused meanwhile", 300);
    await markReserved(pool, purchaseId, undefined);
    await markBought(pool, purchaseId, { vmId: 1 });
    await endProbe(pool);
    assert.deepEqual((await told()).map(({ type, data }) => [type, data["reason"]]), [["breaker.opened", "the card was refused"], ["breaker.closed", undefined]]);
  });

  it("a hundred findings of one sweep as one, what ends by itself apart; and none that was known", async () => {
    const found = Array.from({ length: 150 }, (_, one) => finding(one % 3 === 0 ? "OrphanVm" : "OrphanRecord", `s${one}`));
    await save([...found, finding("PaymentMethodEnds", "7"), finding("SubscriptionEndsSoon", "s1")]);
    await save([...found, finding("PaymentMethodEnds", "7"), finding("SubscriptionEndsSoon", "s1")]);
    const events = (await told()).sort((a, b) => (a.type < b.type ? -1 : 1));
    assert.deepEqual(events.map(({ type, data }) => [type, data["total"], data["kinds"], (data["findings"] as unknown[]).length]), [
      ["findings.new", 150, { OrphanVm: 50, OrphanRecord: 100 }, 100],
      ["payment_method.ends", 1, { PaymentMethodEnds: 1 }, 1],
      ["subscription.ends", 1, { SubscriptionEndsSoon: 1 }, 1],
    ]);
    assert.deepEqual(Object.keys((events[1]!.data["findings"] as object[])[0]!).sort(), ["actual", "declared", "findingId", "kind", "subject", "username"]);
  });

  it("a roll-out that was stopped, with who failed; none that succeeded", async () => {
    await pool.query("INSERT INTO vps_releases (version, cli_url, cli_sha256, created_by) VALUES ('1.0', 'u', 's', 'o')");
    for (const [id, outcome] of [["r1", "succeeded"], ["r2", "stopped"]] as const) {
      await pool.query("INSERT INTO vps_roll_outs (roll_out_id, version, requested_by, reason, concurrency, max_failures) VALUES ($1, '1.0', 'o', 'why', 1, 2)", [id]);
      await pool.query("INSERT INTO vps_roll_out_members (roll_out_id, user_id, username, wave, status, ended_at, error_code, message) SELECT $1, 'm' || n, 'm' || n, 1, 'failed', now(), 'SSH_FAILED', 'no answer' FROM generate_series(1, 2) AS n", [id]);
      await endRollOut(pool, id, outcome);
    }
    assert.deepEqual(await types(), ["roll_out.stopped"]);
    const [{ data }] = (await told()) as [Event];
    assert.deepEqual([data["rollOutId"], data["failed"], (data["failures"] as object[])[0]], ["r2", 2, { username: "m1", code: "SSH_FAILED", reason: "no answer" }]);
  });
});
