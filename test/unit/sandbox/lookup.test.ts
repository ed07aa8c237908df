import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { Lookup } from "../../../src/sandbox/lookup.ts";

interface Item { name: string }

describe("Lookup", () => {
  it("finds what is there by each of its keys, and what was added since", () => {
    const list: Item[] = [{ name: "a.b" }, { name: "b" }];
    const lookup = new Lookup<Item, string>(() => list, ({ name }) => name.split("."));
    assert.deepEqual(lookup.at("b"), [{ name: "a.b" }, { name: "b" }]);
    list.push({ name: "c.b" });
    assert.deepEqual(lookup.at("b").map(({ name }) => name), ["a.b", "b", "c.b"]);
    assert.deepEqual(lookup.at("x"), []);
  });

  it("starts anew with a new list, and with one that became shorter", () => {
    let list: Item[] = [{ name: "a" }, { name: "b" }];
    const lookup = new Lookup<Item, string>(() => list, ({ name }) => [name]);
    assert.equal(lookup.at("a").length, 1);
    list = [{ name: "b" }, { name: "c" }];
    assert.deepEqual([lookup.at("a").length, lookup.at("c").length], [0, 1]);
    list.length = 1;
    assert.deepEqual([lookup.at("b").length, lookup.at("c").length], [1, 0]);
  });
});
