import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { releaseOrder } from "../../../src/sandbox/vm/release-script.ts";
import { renderReleaseScript } from "../../../stacks/release.ts";

const CONDUCTOR = { url: "https://downloads.example.com/it's $(here)", sha256: "ab".repeat(32) };
const SCRIPT = renderReleaseScript({ version: "2.0.0", conductor: CONDUCTOR });

describe("what the sandbox reads out of a release script", () => {
  it("is what it installs, and that it verifies, restarts, asks and rolls back", () => {
    assert.deepEqual(releaseOrder(SCRIPT), { version: "2.0.0", conductor: CONDUCTOR, cli: null, verifies: true, restarts: true, asksHealth: true, rollsBack: true });
  });

  const without: [what: string, pattern: RegExp, property: string][] = [
    ["verification", /sha256sum --check/g, "verifies"],
    ["a restart", /systemctl restart/g, "restarts"],
    ["a look at its health", /localhost:8080/g, "asksHealth"],
    ["a rollback", /put "\$bin\/conductor\.previous"/g, "rollsBack"],
  ];
  for (const [what, pattern, property] of without) {
    it(`misses ${what} where there is none`, () => {
      const order = releaseOrder(SCRIPT.replaceAll(pattern, "true"));
      assert.equal(order?.[property as keyof typeof order], false);
    });
  }

  it("is nothing for a script that is no release", () => {
    assert.equal(releaseOrder("touch /tmp/x"), undefined);
    assert.equal(releaseOrder(""), undefined);
  });
});
