import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { provider } from "../../../providers/health/health-check.ts";

const MODULE = "user-vps/providers/health/health-check-provider";
const METHODS = [
  "check(olds, news) => m.check(olds, news)",
  "diff(id, olds, news) => m.diff(id, olds, news)",
  "create(inputs) => m.create(inputs)",
  "read(id, props) => m.read(id, props)",
  "update(id, olds, news) => m.update(id, olds, news)",
  "delete(id, props) => m.remove(id, props)",
];

// The text is stored with every HealthCheck of every stack: each change of it is a difference on all of them.
describe("the serialised text of HealthCheck's provider", () => {
  it("holds six methods that only import the implementation, and captures nothing", async () => {
    const { text, containsSecrets } = await pulumi.runtime.serializeFunction(() => provider, { allowSecrets: true });
    assert.equal(containsSecrets, false);
    const expected = METHODS.map((method) => {
      const [head = "", call] = method.split(" => ");
      const [name, parameters] = head.split("(");
      return `return async function /*${name}*/(${parameters} { const m = await import("${MODULE}"); return ${call}; };`;
    });
    assert.deepEqual(text.match(/^return async function .*$/gm), expected);
    assert.deepEqual(text.match(/with\(\{(?! this: undefined, arguments: undefined \}).*/g), ["with({ provider: __provider, this: undefined, arguments: undefined }) {"]);
    assert.ok(text.length < 2_500, `${text.length} characters`);
  });
});
