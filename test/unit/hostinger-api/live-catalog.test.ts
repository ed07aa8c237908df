import assert from "node:assert/strict";
import { describe, it } from "vitest";

import { findOffer, liveCatalog, notOffered, SPECIFIED_CATALOG } from "../../../providers/hostinger/api/live-catalog.ts";
import { startApiServer, type Answer, type SeenRequest } from "./api-server.ts";

const price = (id: string, cents: number, period: number) => ({ id, name: id, currency: "EUR", price: cents, first_period_price: cents - 100, period, period_unit: "month" });
const CATALOG = [{ id: "kvm16", name: "KVM 16", category: "VPS", prices: [price("hostingercom-vps-kvm16-eur-12m", 90_000, 12), price("hostingercom-vps-kvm16-eur-1m", 9_999, 1)] }];

function answer({ url }: SeenRequest): Answer {
  if (url.startsWith("/api/billing/v1/catalog")) return { json: CATALOG };
  if (url === "/api/vps/v1/data-centers") return { json: [{ id: 30, name: "sin", location: "sg", city: "Singapore", continent: "Asia" }] };
  return { json: [{ id: 1100, name: "Debian 13", description: "", documentation: null }] };
}

describe("the live catalog", () => {
  it("tells plans with prices in cents, data centers and templates, and is asked for once", async () => {
    await using server = await startApiServer(answer);
    const live = liveCatalog(server.client());
    const [catalog] = await Promise.all([live.read(), live.read()]);
    await live.read();
    assert.equal(server.seen.length, 3);
    assert.deepEqual([catalog.source, catalog.plans[1]?.priceCents, catalog.plans[1]?.firstPeriodPriceCents, catalog.dataCenters, catalog.templates], [
      "api", 9_999, 9_899, [{ id: 30, city: "Singapore", country: "sg" }], [{ id: 1100, name: "Debian 13" }],
    ]);
    assert.equal(findOffer(catalog, "KVM 16")?.itemId, "hostingercom-vps-kvm16-eur-1m");
    assert.equal(findOffer(catalog, "hostingercom-vps-kvm16-eur-12m")?.priceCents, 90_000);
    assert.equal(findOffer(catalog, "kvm1"), undefined);
  });

  it("refuses what is not offered with what there is", async () => {
    await using server = await startApiServer(answer);
    const catalog = await liveCatalog(server.client()).read();
    assert.equal(notOffered(catalog, { plan: "KVM 16", dataCenterId: 30, templateId: 1100 }), undefined);
    assert.match(notOffered(catalog, { plan: "kvm1" })!, /no plan kvm1; there are hostingercom-vps-kvm16-eur-12m \(KVM 16\), /);
    assert.match(notOffered(catalog, { dataCenterId: 9 })!, /no data center 9; there are 30 \(Singapore\)$/);
    assert.match(notOffered(catalog, { templateId: 1007 })!, /no template 1007; there are 1100 \(Debian 13\)$/);
  });

  it("falls back to the specification, and says so and why", async () => {
    await using server = await startApiServer({ status: 503 });
    const catalog = await liveCatalog(server.client({ retryLimitMs: 0 })).read();
    assert.deepEqual([catalog.source, catalog.plans.length], ["specification", 4]);
    assert.match(catalog.why!, /API_UNAVAILABLE/);
    assert.equal(findOffer(SPECIFIED_CATALOG, "kvm2")?.priceCents, 1799);
    assert.match(notOffered(catalog, { dataCenterId: 30 })!, /9 \(Phoenix\).*by the specification: Hostinger's own list is not known/);
  });
});
