import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import { SPECIFIED_CATALOG } from "../../providers/hostinger/api/live-catalog.ts";
import * as provider from "../../providers/hostinger/virtual-machine-provider.ts";
import { readOffers } from "../../src/records/offers.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { keepOffers } from "../../src/service/keep-offers.ts";
import { atEnd } from "../support/at-end.ts";
import { ALICE } from "../support/fake-account.ts";
import { withApp } from "../support/http-app.ts";
import { newName } from "../support/new-name.ts";
import { withDatabase } from "../support/postgres.ts";
import { asUser } from "../support/tokens.ts";
import { until } from "../support/until.ts";
import { control, hostinger, QUICK } from "./sandbox-support.ts";

const SINGAPORE = { id: 30, name: "sin", location: "sg", city: "Singapore", continent: "Asia" };
const KVM16 = { itemId: "hostingercom-vps-kvm16-usd-1m", name: "KVM 16", cpus: 16, memoryMb: 65_536, diskMb: 819_200, bandwidthMb: 1, priceCents: 9_999, firstPeriodPriceCents: 4_999 };

describe("what Hostinger offers since this program was written", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox(QUICK);
    Object.assign(process.env, sandbox.env);
    const { plans, dataCenters } = await control(sandbox, "GET", "offers");
    await control(sandbox, "POST", "offers", { plans: [...plans, KVM16], dataCenters: [...dataCenters.filter(({ id }: { id: number }) => id !== 20), SINGAPORE] });
  });
  afterAll(() => sandbox.close());

  it("can be bought at once through the provider; what is not offered is refused with what there is", async () => {
    provider.configure({ get: () => undefined });
    const inputs = { ...ALICE, hostname: `${newName("alice")}.spoq.dev`, plan: KVM16.itemId, dataCenterId: SINGAPORE.id };
    assert.deepEqual((await provider.check({}, inputs)).failures, []);
    const { outs } = await provider.create(inputs);
    assert.deepEqual([outs["plan"], outs["dataCenterId"], outs["state"]], [KVM16.itemId, SINGAPORE.id, "running"]);
    const { props } = await provider.read(String(outs["vmId"]), outs);
    assert.deepEqual(provider.diff(String(outs["vmId"]), props, inputs), { changes: false, replaces: [] });
    const refused = await provider.check({}, { ...ALICE, dataCenterId: 31 });
    assert.match(refused.failures[0]?.reason ?? "", /no data center 31; there are .*30 \(Singapore\)/);
  });

  it("is recorded by a worker, and taken or refused over HTTP", async () => {
    const database = await withDatabase();
    const { app } = await withApp({ database });
    const ask = async (username: string, body: object) => app.inject({ method: "POST", url: "/api/vps/provision", headers: await asUser(username), payload: body });
    assert.deepEqual(await readOffers(database.pool), SPECIFIED_CATALOG);
    const client = new HostingerClient({ baseUrl: sandbox.hostingerUrl, apiKey: sandbox.hostingerToken });
    atEnd(() => client.close());
    const keeper = keepOffers(database.pool, client, () => undefined);
    atEnd(() => keeper.stop());
    await until("the API's offers", async () => (await readOffers(database.pool)).source === "api");

    const taken = await ask("alice", { plan: "KVM 16", dataCenterId: SINGAPORE.id });
    assert.deepEqual([taken.statusCode, taken.json().plan, taken.json().dataCenter.id], [202, KVM16.itemId, SINGAPORE.id]);
    for (const [body, there] of [[{ plan: "kvm3" }, /no plan kvm3; there are .*KVM 16/], [{ dataCenterId: 20 }, /no data center 20; there are .*30 \(Singapore\)/]] as const) {
      const refused = await ask("bob", body);
      assert.equal(refused.statusCode, 400);
      assert.match(refused.json().error.message, there);
    }
  });

  it("cannot be bought where it is withdrawn", async () => {
    const { status, body } = await hostinger(sandbox, "POST", "vps/v1/virtual-machines", { item_id: KVM16.itemId, setup: { template_id: 1007, data_center_id: 20 } });
    assert.deepEqual([status, Object.keys(body.errors)], [422, ["setup.data_center_id"]]);
  });
});
