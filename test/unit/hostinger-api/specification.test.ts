import assert from "node:assert/strict";
import { describe, it } from "vitest";

import { DATA_CENTERS, DEFAULT_DATA_CENTER_ID, DEFAULT_PLAN_ID, DEFAULT_TEMPLATE_ID, findPlan, PLANS, TEMPLATES, whyNoScript } from "../../../providers/hostinger/api/specification.ts";

describe("the specification's tables", () => {
  it("have the specification's plans and prices", () => {
    assert.deepEqual(
      PLANS.map((plan) => [plan.itemId, plan.vcpus, plan.ramGb, plan.diskGb, plan.bandwidthTb, plan.monthlyPriceCents / 100, plan.firstMonthPriceCents / 100]),
      [
        ["hostingercom-vps-kvm1-usd-1m", 1, 4, 50, 4, 13.99, 4.99],
        ["hostingercom-vps-kvm2-usd-1m", 2, 8, 100, 8, 17.99, 6.99],
        ["hostingercom-vps-kvm4-usd-1m", 4, 16, 200, 16, 29.99, 9.99],
        ["hostingercom-vps-kvm8-usd-1m", 8, 32, 400, 32, 59.99, 19.99],
      ],
    );
  });

  it("name every data center and template once", () => {
    assert.equal(new Set(DATA_CENTERS.map(({ id }) => id)).size, 10);
    assert.equal(new Set(DATA_CENTERS.map(({ code }) => code)).size, 10);
    assert.equal(new Set(TEMPLATES.map(({ id }) => id)).size, 7);
  });

  it("contain the defaults", () => {
    assert.equal(findPlan(DEFAULT_PLAN_ID)?.itemId, "hostingercom-vps-kvm1-usd-1m");
    assert.equal(DATA_CENTERS.find(({ id }) => id === DEFAULT_DATA_CENTER_ID)?.city, "Phoenix");
    assert.equal(TEMPLATES.find(({ id }) => id === DEFAULT_TEMPLATE_ID)?.name, "Ubuntu 22.04 LTS");
  });
});

describe("findPlan", () => {
  it("finds a plan by id, item id and name", () => {
    for (const name of ["kvm2", "hostingercom-vps-kvm2-usd-1m", "KVM 2"]) assert.equal(findPlan(name)?.id, "kvm2");
  });

  it("finds nothing else", () => assert.equal(findPlan("kvm3"), undefined));

  it("tells on which templates the installation works, of new ones by the name that Hostinger lists", () => {
    assert.deepEqual(TEMPLATES.filter(({ id }) => whyNoScript(id) === undefined).map(({ id }) => id), [1007, 1002]);
    const offered = [{ id: 1077, name: "Ubuntu 24.04 LTS" }, { id: 1090, name: "Fedora 42" }];
    assert.equal(whyNoScript(1077, offered), undefined);
    assert.match(whyNoScript(1090, offered)!, /not for template 1090 \(Fedora 42\); take 1077 \(Ubuntu 24\.04 LTS\)$/);
    assert.equal(whyNoScript(1099, offered), undefined, "what is not offered is told otherwise");
  });
});
