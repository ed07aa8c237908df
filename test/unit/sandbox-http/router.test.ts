import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { matchPattern, ok, Router } from "../../../src/sandbox/http/router.ts";

const handler = () => ok("");

describe("Router", () => {
  it("matches method and path, and reads the parts in braces", () => {
    const router = new Router([{ method: "GET", pattern: "/vms/{id}/actions/{actionId}", handler }]);
    assert.deepEqual(router.match("GET", "/vms/1/actions/2")?.params, { id: "1", actionId: "2" });
    for (const path of ["/vms/1/actions", "/vms/1/actions/2/3", "/vms/1/actions/", "/vms//actions/2"]) {
      assert.equal(router.match("GET", path), undefined, path);
    }
    assert.equal(router.match("POST", "/vms/1/actions/2"), undefined);
  });

  it("prefers a fixed part to one in braces, in whatever order they were given", () => {
    const routes = ["/keys/{id}", "/keys/all"].map((pattern) => ({ method: "GET", pattern, handler }));
    for (const order of [routes, routes.toReversed()]) {
      assert.equal(new Router(order).match("GET", "/keys/all")?.route.pattern, "/keys/all");
    }
  });

  it("decodes a part, and matches nothing that cannot be decoded", () => {
    assert.deepEqual(matchPattern("/a/{b}", "/a/x%20y"), { b: "x y" });
    assert.equal(matchPattern("/a/{b}", "/a/%zz"), undefined);
  });
});
