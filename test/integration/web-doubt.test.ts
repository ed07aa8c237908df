/** A purchase of which nobody knows whether it was made: what an operator sees and decides on the user's page, with the service running. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { assertAccessible } from "../support/axe.ts";
import { needing } from "../support/needs.ts";
import { openPageWorld, type PageWorld } from "../support/page-world.ts";
import { withDatabase } from "../support/postgres.ts";

const { url: databaseUrl, pool } = await withDatabase();

describe("a purchase in doubt on the user's page", needing("browser"), () => {
  let the: PageWorld;
  beforeAll(async () => {
    the = await openPageWorld({ databaseUrl, env: { HOSTINGER_PURCHASE_SETTLE_SECONDS: "2", HOSTINGER_PURCHASE_TIMEOUT_SECONDS: "5" } });
    await the.logIn();
  });
  afterAll(() => the.close());

  const purchases = (username: string) => the.world.sandbox.state().purchases.filter(({ hostname }) => hostname === `${username}.${the.world.sandbox.domain}`).length;
  const form = () => the.page.getByRole("group", { name: "Decide about the purchase" });
  const badge = (status: string) => the.page.locator("#badge", { hasText: status }).waitFor();

  /** The call is lost on its way: nothing shows of it. */
  async function inDoubt(username: string): Promise<void> {
    const { sandbox, url } = the.world;
    const hostname = `${username}.${sandbox.domain}`;
    sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/virtual-machines$", bodyHas: hostname, fault: { kind: "drop-before" } });
    await the.signUp(username);
    await the.page.goto(`${url}/users/${username}`);
    await the.page.getByText("Nobody knows whether this VPS was bought.").waitFor();
    await the.page.getByText(/were looked at/).first().waitFor();
    assert.equal(purchases(username), 0);
  }

  /** As somebody does it in hPanel, with the user's script. */
  async function orderByHand(username: string): Promise<number> {
    const { sandbox } = the.world;
    const script = sandbox.state().scripts.find(({ name }) => name === `spoq-conductor-setup ${username}.${sandbox.domain}`)!;
    const body = { item_id: "hostingercom-vps-kvm1-usd-1m", setup: { template_id: 1007, data_center_id: 9, hostname: `by-hand.${sandbox.domain}`, password: "fake-Password-by-hand-1", post_install_script_id: script.id } };
    const answer = await fetch(`${sandbox.hostingerUrl}/api/vps/v1/virtual-machines`, { method: "POST", headers: { authorization: `Bearer ${sandbox.hostingerToken}`, "content-type": "application/json" }, body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.clone().text());
    return sandbox.state().vms.at(-1)!.id;
  }

  it("is waited for first, and buys again only when an operator has said so twice, and why", async () => {
    await inDoubt("ada");
    await badge("failed");
    await assertAccessible(the.page);
    await form().getByRole("button", { name: "Buy again…" }).click();
    const question = the.page.getByRole("dialog", { name: "Buy once more?" });
    await question.getByText("if it was bought after all, two VPSs are paid").waitFor();
    await assertAccessible(the.page);
    await question.getByRole("button", { name: "Buy again" }).click();
    await question.waitFor();
    assert.equal(purchases("ada"), 0, "without a reason nothing is decided");
    await the.answer("Buy again");
    await badge("ready");
    await form().waitFor({ state: "detached" });
    assert.equal(purchases("ada"), 1);
  });

  it("about another VM, of a user who keeps the old one, is ended by an operator's word, and the user stays ready", async () => {
    await pool.query("INSERT INTO vps_purchases (user_id, username, hostname, plan_id, state, asked_at, reserved_at) SELECT user_id, username, hostname, 'hostingercom-vps-kvm2-usd-1m', 'uncertain', now(), now() FROM user_vps WHERE username = 'ada'");
    await the.page.reload();
    await the.page.getByText("Nobody knows whether another VM was bought for this user").waitFor();
    assert.deepEqual(await form().getByRole("button").allTextContents(), ["Give it up…"]);
    await form().getByRole("button", { name: "Give it up…" }).click();
    await the.answer("Give it up");
    await form().waitFor({ state: "detached" });
    await badge("ready");
    const { rows } = await pool.query<{ state: string }>("SELECT state FROM vps_purchases WHERE username = 'ada' ORDER BY purchase_id");
    assert.deepEqual(rows.map(({ state }) => state), ["written_off", "bought", "written_off"]);
    assert.equal(purchases("ada"), 1);
  });

  it("is taken over as the VM that an operator names", async () => {
    await inDoubt("ben");
    const vmId = await orderByHand("ben");
    await form().getByRole("button", { name: "It is this VM…" }).click();
    await the.answer("It is this VM", { VM: String(vmId) });
    await badge("ready");
    await the.page.getByText(String(vmId)).first().waitFor();
    assert.equal(purchases("ben"), 0);
    assert.equal(the.world.sandbox.state().vms.find(({ id }) => id === vmId)!.hostname, `ben.${the.world.sandbox.domain}`);
  });

  it("is given up: nothing is bought, and the page says who decided", async () => {
    await inDoubt("cid");
    await form().getByRole("button", { name: "Give it up…" }).click();
    await the.answer("Give it up");
    await the.page.getByText(/given up by operator@example\.com: a test/).first().waitFor();
    await form().waitFor({ state: "detached" });
    assert.equal(purchases("cid"), 0);
  });

  it("whose payment is under way can be decided as well, of whoever was cancelled meanwhile, and of whoever keeps an old VM", async () => {
    for (const [username, status, what, decisions] of [
      ["cid", "failed", "The payment of order o-cid is under way", ["It is this VM…", "Buy again…", "Give it up…"]],
      ["ada", "ready", "The payment of order o-ada for another VM of this user, who keeps the old one, is under way", ["Give it up…"]],
    ] as const) {
      await pool.query("INSERT INTO vps_purchases (user_id, username, hostname, plan_id, state, asked_at, reserved_at, order_id) SELECT user_id, username, hostname, 'hostingercom-vps-kvm2-usd-1m', 'awaiting_payment', now(), now(), 'o-' || username FROM user_vps WHERE username = $1", [username]);
      await the.page.goto(`${the.world.url}/users/${username}`);
      await badge(status);
      await the.page.getByText(what).waitFor();
      assert.deepEqual(await form().getByRole("button").allTextContents(), decisions);
      await form().getByRole("button", { name: "Give it up…" }).click();
      await the.answer("Give it up");
      await form().waitFor({ state: "detached" });
      await badge(status);
      const { rows: [last] } = await pool.query<{ state: string }>("SELECT state FROM vps_purchases WHERE username = $1 ORDER BY purchase_id DESC LIMIT 1", [username]);
      assert.equal(last!.state, "written_off");
    }
  });

  it("ran without an error of a script and within its content security policy", () => {
    assert.deepEqual(the.complaints, []);
  });
});
