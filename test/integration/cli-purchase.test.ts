import assert from "node:assert/strict";
import { afterAll, afterEach, describe, it } from "vitest";
import { recordContent, recordName } from "../../providers/hostinger/purchase/record.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { runCli, runJson } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";
import { hostinger } from "./sandbox-support.ts";

interface Created {
  readonly how: string;
  readonly vm: { readonly id: number; readonly state: string };
}

describe("user-vps vm create: money", async () => {
  const sandbox = await startSandbox({ bootMs: 100, scriptMs: 50 });
  afterAll(() => sandbox.close());
  afterEach(() => sandbox.reset());
  const { HOSTINGER_API_BASE_URL, HOSTINGER_API_KEY } = sandbox.env;
  const env = { HOSTINGER_API_BASE_URL, HOSTINGER_API_KEY, HOSTINGER_PURCHASE_TIMEOUT_SECONDS: "3", HOSTINGER_PURCHASE_INTENT_SECONDS: "3", HOSTINGER_PURCHASE_SETTLE_SECONDS: "1" };
  const purchases = () => sandbox.state().purchases.length;
  const create = (...more: string[]) => ["vm", "create", "money.spoq.dev", ...more];
  const refusal = (args: string[], code: number) => runJson<ErrorDocument>(args, { env, code }).then(({ error }) => error);

  it("buys nothing where nobody can be asked, and says today's price", async () => {
    const { code, stderr } = await runCli(create(), { env });
    assert.equal(code, 3);
    assert.match(stderr, /costs 4\.99 USD for the first month, then 13\.99 USD for each month/);
    assert.match(stderr, /--yes --max-price-cents 1399/);
    assert.equal(purchases(), 0);
  });

  it("buys nothing by --yes without a limit", async () => {
    assert.match((await refusal(create("--yes"), 3)).next, /--max-price-cents 1399/);
    assert.equal(purchases(), 0);
  });

  it("buys nothing if a later period costs more than the limit, however cheap the first is", async () => {
    assert.match((await refusal(create("--yes", "--max-price-cents", "1398"), 3)).message, /not within --max-price-cents 1398/);
    assert.equal(purchases(), 0);
  });

  it("refuses plans, data centers and templates that Hostinger does not offer, and names those it does", async () => {
    assert.match((await refusal(create("--plan", "kvm3"), 2)).next, /hostingercom-vps-kvm1-usd-1m/);
    assert.match((await refusal(create("--data-center", "99"), 2)).next, /user-vps data-centers/);
    assert.match((await refusal(create("--template", "1"), 2)).next, /user-vps templates/);
    assert.match((await refusal(["vm", "create", "no_host_name", "--yes", "--max-price-cents", "9999"], 2)).message, /hostname: expected a lower-case host name/);
    assert.equal(purchases(), 0);
  });

  it("takes a VM that has the host name already, without asking", async () => {
    const first = await runJson<Created>(create("--yes", "--max-price-cents", "1399"), { env });
    const second = await runJson<Created>(create(), { env });
    assert.deepEqual([first.how, second.how, second.vm.id], ["bought", "adopted", first.vm.id]);
    assert.equal(purchases(), 1);
  });

  it("buys once if the answer is lost", async () => {
    sandbox.addFault({ api: "hostinger", method: "POST", path: "/api/vps/v1/virtual-machines$", fault: { kind: "drop-after" } });
    const { how, vm } = await runJson<Created>(create("--yes", "--max-price-cents", "1399"), { env });
    assert.deepEqual([how, vm.state], ["interrupted", "running"]);
    assert.equal(purchases(), 1);
  });

  it("buys once if it is started twice at the same time", async () => {
    const args = create("--yes", "--max-price-cents", "1399");
    const both = await Promise.all([runJson<Created>(args, { env }), runJson<Created>(args, { env })]);
    assert.equal(both[0].vm.id, both[1].vm.id);
    assert.equal(purchases(), 1);
  });

  /** As the stack of a user leaves it behind whose run was cut off. */
  const recordOfUser = async (state: "uncertain" | "seen", vmId?: number) => {
    const at = new Date().toISOString();
    const content = recordContent("money.spoq.dev", { key: "fake-key", owner: "user_alice", intentMs: 1_000, state, moves: [{ state, at }], ...(vmId !== undefined && { vmId }) }, Date.now());
    const { status } = await hostinger(sandbox, "POST", "vps/v1/post-install-scripts", { name: recordName("money.spoq.dev"), content });
    assert.equal(status, 200);
  };

  it("leaves a user's purchase to the user's stack, whether its VM is there or not", async () => {
    await recordOfUser("uncertain");
    assert.match((await refusal(create("--yes", "--max-price-cents", "1399"), 1)).message, /A purchase for money\.spoq\.dev is open .* it is user_alice's/);
    assert.equal(purchases(), 0);
    sandbox.reset();
    const { vm } = await runJson<Created>(create("--yes", "--max-price-cents", "1399"), { env });
    await recordOfUser("seen", vm.id);
    assert.equal((await runJson<Created>(create(), { env })).how, "adopted");
    const [record] = sandbox.state().scripts;
    assert.equal(record?.name, recordName("money.spoq.dev"));
    const warned = await runCli(["script", "delete", String(record.id)], { env });
    assert.equal(warned.code, 3);
    assert.match(warned.stderr, /record of a purchase for money\.spoq\.dev: without it a second VM may be bought/);
  });

  it("tells a refused payment by exit code 1", async () => {
    assert.equal((await refusal(create("--yes", "--max-price-cents", "1399", "--payment-method", "6526"), 1)).code, "PAYMENT_REFUSED");
    assert.equal(purchases(), 0);
  });
});
