import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { patientAsking } from "../../../src/cli/patient-asking.ts";
import { ServiceRefusal } from "../../../src/cli/service-client/refusal.ts";

const away: readonly unknown[] = [
  new ServiceRefusal("NOT_READY", "The service is restarted.", "", 503),
  new UserVpsError("API_UNREACHABLE", "No connection."),
  Object.assign(new Error("terminating connection"), { code: "57P01" }),
];

function asking(signal = new AbortController().signal) {
  const said: string[] = [];
  return { said, ask: patientAsking({ progress: { say: (text) => said.push(text), end: () => undefined }, signal }) };
}

describe("asking somebody who may be away for a while", () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => vi.useRealTimers());

  it("goes on with the answer that comes after they were", async () => {
    const { ask, said } = asking();
    assert.equal(await ask(async () => "before"), "before");
    const answers = [...away];
    const asked = ask(async () => {
      if (answers.length > 0) throw answers.shift();
      return "after";
    });
    await vi.advanceTimersByTimeAsync(10_000);
    assert.equal(await asked, "after");
    assert.deepEqual(said, away.map(() => "there is no answer for the moment; asking again"));
  });

  it("waits for nobody who has never answered, nor for what will be refused again", async () => {
    for (const error of away) await assert.rejects(asking().ask(() => Promise.reject(error as Error)), error as Error);
    const { ask } = asking();
    await ask(async () => "before");
    const refusal = new ServiceRefusal("USER_NOT_FOUND", "Nobody is called so.", "", 404);
    await assert.rejects(ask(() => Promise.reject(refusal)), refusal);
  });

  it("gives up whoever has not answered for a minute, with what they said last", async () => {
    const { ask, said } = asking();
    await ask(async () => "before");
    const givenUp = assert.rejects(ask(() => Promise.reject(away[0] as Error)), away[0] as Error);
    await vi.advanceTimersByTimeAsync(59_000);
    const saidInTime = said.length;
    assert.ok(saidInTime > 20);
    await vi.advanceTimersByTimeAsync(600_000);
    await givenUp;
    assert.ok(said.length <= saidInTime + 2);
  });

  it("ends at Ctrl-C", async () => {
    const interrupted = new AbortController();
    const { ask } = asking(interrupted.signal);
    await ask(async () => "before");
    const asked = ask(async () => {
      interrupted.abort(new UserVpsError("CANCELLED", "Interrupted."));
      throw away[0];
    });
    await assert.rejects(asked, /CANCELLED/);
  });
});
