import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { withLock } from "../../../providers/core/file-lock.ts";
import { scratch } from "../install-pulumi/scratch.ts";

const WHAT = { whatFor: "prepares the engine", code: "ENGINE_MISSING" } as const;

const deadPid = () => spawnSync(process.execPath, ["-e", ""]).pid;

describe("withLock", () => {
  it("lets one work at a time and tells the others whom they wait for", async () => {
    await using folder = await scratch();
    const file = join(folder.path, "lock");
    const said: string[] = [];
    let running = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, (running += 1));
      await delay(20);
      running -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock(file, work, { ...WHAT, onWait: (holder) => said.push(holder), pollMs: 5 })));
    assert.equal(most, 1);
    assert.equal(said.length, 2);
    assert.match(String(said[0]), new RegExp(`process ${process.pid} on `));
    assert.equal(existsSync(file), false);
  });

  it("is free again after work that failed", async () => {
    await using folder = await scratch();
    const file = join(folder.path, "lock");
    await assert.rejects(withLock(file, () => Promise.reject(new Error("no")), { ...WHAT, onWait: assert.fail }), /no/);
    assert.equal(await withLock(file, async () => "yes", { ...WHAT, onWait: assert.fail }), "yes");
  });

  it("takes over from a process that is dead", async () => {
    await using folder = await scratch();
    const file = join(folder.path, "lock");
    await writeFile(file, JSON.stringify({ pid: deadPid(), host: hostname() }));
    assert.equal(await withLock(file, async () => "taken", { ...WHAT, onWait: assert.fail, pollMs: 5 }), "taken");
  });

  it("takes over from another host's process that has not touched it for long", async () => {
    await using folder = await scratch();
    const file = join(folder.path, "lock");
    await writeFile(file, JSON.stringify({ pid: 1, host: "elsewhere" }));
    await utimes(file, new Date(0), new Date(0));
    assert.equal(await withLock(file, async () => "taken", { ...WHAT, onWait: assert.fail, pollMs: 5 }), "taken");
  });

  it("that was taken over meanwhile is left to whoever has it now", async () => {
    await using folder = await scratch();
    const file = join(folder.path, "lock");
    const another = JSON.stringify({ pid: 1, host: "elsewhere", id: "another" });
    await withLock(file, () => writeFile(file, another), { ...WHAT, onWait: assert.fail });
    assert.equal(await readFile(file, "utf8"), another);
  });

  it("touches the file while it works, so that nobody takes it over", async () => {
    await using folder = await scratch();
    const file = join(folder.path, "lock");
    const order: string[] = [];
    const options = { ...WHAT, onWait: () => undefined, pollMs: 5, staleAfterMs: 100 };
    const slow = withLock(file, async () => { await delay(250); order.push("slow"); }, options);
    await delay(10);
    await withLock(file, async () => void order.push("next"), options);
    await slow;
    assert.deepEqual(order, ["slow", "next"]);
  });

  it("stops waiting at the time limit and when it is aborted", async () => {
    await using folder = await scratch();
    const file = join(folder.path, "lock");
    await withLock(file, async () => {
      const onWait = () => undefined;
      await assert.rejects(withLock(file, assert.fail, { ...WHAT, onWait, pollMs: 5, timeoutMs: 20 }), (error) => error instanceof UserVpsError && error.code === "ENGINE_MISSING");
      await assert.rejects(withLock(file, assert.fail, { ...WHAT, onWait, pollMs: 5, signal: AbortSignal.timeout(20) }), { name: "TimeoutError" });
    }, { ...WHAT, onWait: assert.fail });
  });
});
