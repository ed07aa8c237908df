import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "vitest";
import { IS_DECIDABLE, IS_OPEN, isDecidable, mayBecome, MAY_HAVE_COST, PURCHASE_EDGES, PURCHASE_STATES } from "../../../src/records/index.ts";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const sorted = (edges: Iterable<readonly [string, string]>) => [...edges].map(([from, to]) => `${from} -> ${to}`).toSorted();
const EDGES = sorted(PURCHASE_STATES.flatMap((from) => PURCHASE_EDGES[from].map((to) => [from, to] as const)));

/** The source's drawing leaves the first state out where it is that of the line before. */
function drawnInSource(): string[] {
  const [drawing] = read("src/records/purchase-states.ts").split("*/");
  const edges: [string, string][] = [];
  for (const [, from, to] of drawing!.matchAll(/^ \* +(\w*) +──> (\w+)/gm)) edges.push([from || edges.at(-1)![0], to!]);
  return sorted(edges);
}

function drawnInConcepts(): string[] {
  const [, drawing] = /## The state of a purchase.*?```mermaid\n(.*?)```/s.exec(read("docs/concepts.md"))!;
  return sorted([...drawing!.matchAll(/^ +(\w+) --> (\w+):/gm)].map(([, from, to]) => [from!, to!]));
}

describe("the states of a purchase", () => {
  it("are drawn with their edges, in the source and in the documents", () => {
    assert.deepEqual(drawnInSource(), EDGES);
    assert.deepEqual(drawnInConcepts(), EDGES);
  });

  it("are open, may have cost money and can be decided about as the edges say", () => {
    assert.equal(IS_OPEN, "vps_purchases.state IN ('waiting', 'reserved', 'awaiting_payment', 'uncertain')");
    assert.equal(MAY_HAVE_COST, "vps_purchases.state IN ('reserved', 'awaiting_payment', 'uncertain')");
    assert.equal(IS_DECIDABLE, "vps_purchases.state IN ('awaiting_payment', 'uncertain')");
    assert.deepEqual(PURCHASE_STATES.filter((state) => isDecidable({ state })), ["awaiting_payment", "uncertain"]);
    assert.equal(mayBecome("written_off"), "vps_purchases.state IN ('awaiting_payment', 'uncertain', 'written_off')");
  });
});
