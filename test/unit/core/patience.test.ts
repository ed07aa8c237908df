import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { awaitedIn, currentPatience, notYet, patienceFor } from "../../../providers/core/patience.ts";

describe("patience", () => {
  it("is a plain run's own unless the run is given another", () => {
    assert.equal(currentPatience({}), "own");
    assert.equal(currentPatience({ USER_VPS_PATIENCE: "none" }), "none");
    assert.equal(currentPatience({ USER_VPS_PATIENCE: "over:running" }), "over:running");
    assert.equal(currentPatience({ USER_VPS_PATIENCE: "much" }), "own");
  });

  it("is over for the one thing that was waited for, and none for what comes after it", () => {
    assert.deepEqual((["running", "health", "purchase"] as const).map((what) => patienceFor(what, "over:running")), ["over", "none", "none"]);
    assert.deepEqual((["own", "none"] as const).map((ofRun) => patienceFor("health", ofRun)), ["own", "none"]);
  });
});

describe("what a run waits for", () => {
  it("is read back from the error's text, also from within the engine's words", () => {
    const { message } = notYet("health", "alice.spoq.dev", "TLS: no certificate yet");
    assert.deepEqual(awaitedIn(message), { what: "health", seen: "TLS: no certificate yet" });
    assert.deepEqual(awaitedIn(`creating failed: 1 error occurred: * ${message}`), { what: "health", seen: "TLS: no certificate yet" });
    assert.deepEqual(awaitedIn(notYet("purchase", "alice.spoq.dev", "no word yet").message), { what: "purchase", seen: "no word yet" });
    assert.deepEqual(awaitedIn("running: alice.spoq.dev: creating."), { what: "running", seen: "creating" });
  });

  it("is nothing in another error's text", () => {
    assert.equal(awaitedIn("VM_NOT_RUNNING: VM 7 of alice.spoq.dev is creating after 900 s. Next: Run `up` again."), undefined);
  });
});
