import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { COUNTRY_COORDINATES } from "../../../providers/hostinger/country-coordinates.ts";
import { createNearestDataCenter, nearestToCountry } from "../../../src/http/nearest-data-center.ts";

describe("the nearest data center", () => {
  for (const [country, id, city] of [["LT", 11, "Vilnius"], ["LV", 11, "Vilnius"], ["MX", 9, "Phoenix"], ["IN", 13, "Mumbai"], ["LK", 13, "Mumbai"], ["BR", 14, "São Paulo"], ["AR", 14, "São Paulo"], ["FR", 15, "Paris"], ["ES", 15, "Paris"], ["US", 17, "Boston"], ["CA", 17, "Boston"], ["GB", 18, "Manchester"], ["IE", 18, "Manchester"], ["DE", 19, "Frankfurt"], ["ID", 20, "Jakarta"], ["AU", 20, "Jakarta"], ["MY", 21, "Kuala Lumpur"], ["SG", 21, "Kuala Lumpur"]] as const) {
    it(`to ${country} is ${city}`, () => {
      assert.equal(nearestToCountry(country), id);
    });
  }

  it("is known for every country of the table, and for no other", () => {
    assert.ok(Object.keys(COUNTRY_COORDINATES).length > 240);
    for (const country of Object.keys(COUNTRY_COORDINATES)) assert.ok(nearestToCountry(country));
    assert.equal(nearestToCountry("XX"), undefined);
  });

  it("crosses the date line: from Fiji it is not in America by way of the map's edge", () => {
    assert.equal(nearestToCountry("FJ"), 20);
  });

  it("is found by IPv4, IPv6 and IPv4 in IPv6, and for no address without a place", () => {
    const nearest = createNearestDataCenter();
    assert.equal(nearest("90.84.1.1"), 15);
    assert.equal(nearest("::ffff:90.84.1.1"), 15);
    assert.equal(nearest("::ffff:5a54:101"), 15);
    assert.equal(nearest("2a02:2e0:3fe::1"), 19);
    for (const address of ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "203.0.113.7", "::1", "fe80::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "", "nonsense", "1.2.3"]) assert.equal(nearest(address), undefined, address);
  });
});
