import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { harmlessLines } from "../../../providers/core/printable.ts";
import { progressText, whereItStopped } from "../../../providers/first-boot/boot-progress.ts";

const BEGUN = ["=== Spoq VPS Provisioning ===", "=== step 1/12: system updates", "Reading package lists...", "=== step 4/12: Conductor"];
const FAILED = [...BEGUN, "curl: (22) The requested URL returned error: 404", "", "!!! Provisioning failed in step 4/12: Conductor (exit status 22)"];

describe("where the post-install script stopped", () => {
  it("is the last step that was begun, with what that step printed", () => {
    assert.deepEqual(whereItStopped(FAILED), { outcome: "failed", step: { number: 4, of: 12, title: "Conductor" }, exitStatus: 22, lastLines: ["curl: (22) The requested URL returned error: 404"], mayPass: false, begun: 1 });
    assert.equal(progressText(whereItStopped(FAILED)), "The script stopped in step 4 of 12, Conductor (exit status 22). Its last lines:\n    curl: (22) The requested URL returned error: 404");
  });

  it("is told as not ended while there is neither a failure nor an end", () => {
    const progress = whereItStopped([...BEGUN, "downloading"]);
    assert.deepEqual([progress.outcome, progress.step?.number, progress.exitStatus, progress.lastLines], ["unfinished", 4, null, ["downloading"]]);
    assert.match(progressText(progress), /has begun step 4 of 12, Conductor, and has not ended: it still runs, or was cut off/);
  });

  it("is nowhere if it ran to its end, and then its last words are shown", () => {
    const progress = whereItStopped([...BEGUN, "=== step 12/12: Caddy's configuration", "=== Provisioning Complete ===", "Conductor: active", "Caddy: failed"]);
    assert.deepEqual([progress.outcome, progress.step?.number, progress.lastLines], ["complete", 12, ["Conductor: active", "Caddy: failed"]]);
    assert.match(progressText(progress), /^The script ran to its end\./);
  });

  it("counts the last of several runs in one log", () => {
    const again = whereItStopped([...FAILED, "=== Spoq VPS Provisioning ===", "=== step 1/12: system updates"]);
    assert.deepEqual([again.outcome, again.step?.number, again.lastLines], ["unfinished", 1, []]);
  });

  it("tells what may pass, and how often the script was begun, without the times that it notes", () => {
    const passing = ["=== Spoq VPS Provisioning ===", "=== step 1/12: system updates", "began 2026-11-26T03:00:00Z", "E: Failed to fetch", "!!! What failed may pass: it is safe to run this again", "!!! Provisioning failed in step 1/12: system updates (exit status 100)"];
    const progress = whereItStopped([...FAILED, ...passing]);
    assert.deepEqual([progress.outcome, progress.mayPass, progress.begun, progress.lastLines], ["failed", true, 2, ["E: Failed to fetch"]]);
    const after = whereItStopped([...passing, "=== Spoq VPS Provisioning ===", "=== step 1/12: system updates", "began 2026-11-26T03:00:00Z", "ended 2026-11-26T03:00:09Z, after 9 s", "=== step 2/12: dependencies"]);
    assert.deepEqual([after.outcome, after.mayPass, after.step?.number, after.lastLines], ["unfinished", false, 2, []]);
  });

  it("shows at most 20 lines, and copes with a log of another script", () => {
    const progress = whereItStopped(Array.from({ length: 50 }, (_, line) => `line ${line}`));
    assert.deepEqual([progress.step, progress.lastLines.length, progress.lastLines.at(-1)], [null, 20, "line 49"]);
    assert.match(progressText(progress), /a step that the log does not name/);
    assert.deepEqual(whereItStopped([""]).lastLines, []);
  });
});

describe("the lines of a log", () => {
  it("cannot move the cursor, colour the terminal or turn the text around", () => {
    assert.deepEqual(harmlessLines("\u001b[31mred\u001b[0m\u001b[2J\tx\u0007\r\n10%\r100%\n\u202egnp\u009b1m\n\n"), ["red\tx", "10%", "100%", "gnp1m"]);
  });
});
