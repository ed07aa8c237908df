import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { nowAndThen } from "../../../src/jobs/now-and-then.ts";

const SHORT_MS = 5;
const rest = (ms: number) => new Promise((resume) => setTimeout(resume, ms));

describe("nowAndThen", () => {
  it("does the work again and again, but never twice at the same time", async () => {
    let [atOnce, most, done] = [0, 0, 0];
    const works = nowAndThen(SHORT_MS, async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await rest(6 * SHORT_MS);
      atOnce -= 1;
      done += 1;
    }, (error) => assert.fail(String(error)));
    while (done < 3) await rest(SHORT_MS);
    await works.stop();
    assert.equal(most, 1);
  });

  it("goes on after a failure, which it tells", async () => {
    const told: unknown[] = [];
    const works = nowAndThen(SHORT_MS, () => Promise.reject(new Error("an example")), (error) => told.push(error));
    while (told.length < 2) await rest(SHORT_MS);
    await works.stop();
    assert.match(String(told[1]), /an example/);
  });

  it("has ended with what was under way when it has stopped, and begins nothing more", async () => {
    let [begun, ended] = [0, 0];
    const works = nowAndThen(SHORT_MS, async () => {
      begun += 1;
      await rest(10 * SHORT_MS);
      ended += 1;
    }, (error) => assert.fail(String(error)));
    while (begun < 1) await rest(1);
    await works.stop();
    assert.deepEqual([begun, ended], [1, 1]);
    await rest(4 * SHORT_MS);
    assert.equal(begun, 1);
  });
});
