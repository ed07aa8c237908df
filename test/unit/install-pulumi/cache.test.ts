import assert from "node:assert/strict";
import { chmod, chown, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "vitest";
import { cacheRoot, completeEngine, ENGINE_FILES, engineFolder, fillEngineFolder } from "../../../src/install-pulumi/cache.ts";
import { scratch } from "./scratch.ts";

const fill = async (folder: string) => {
  for (const name of ENGINE_FILES) await writeFile(join(folder, name), "#!/bin/sh\n", { mode: 0o755 });
  return undefined;
};

describe("cacheRoot", () => {
  it("is below XDG_CACHE_HOME, else ~/.cache", () => {
    assert.equal(cacheRoot({ XDG_CACHE_HOME: "/x", HOME: "/h" }), "/x/user-vps");
    assert.equal(cacheRoot({ HOME: "/h" }), "/h/.cache/user-vps");
  });
});

describe("engineFolder", () => {
  it("names version, system and a hash of what it is made from", async () => {
    assert.match(await engineFolder("/x"), new RegExp(`^/x/engine-3\\.274\\.1-${process.platform}-${process.arch}-[0-9a-f]{8}$`));
  });
});

describe("an engine folder", () => {
  it("is complete once it is filled", async () => {
    await using root = await scratch();
    const folder = join(root.path, "engine");
    assert.equal(await completeEngine(folder), undefined);
    assert.equal(await fillEngineFolder(folder, "built", fill), undefined);
    assert.deepEqual(await completeEngine(folder), { version: "3.274.1", madeBy: "built" });
    assert.deepEqual(await readdir(root.path), ["engine"]);
  });

  it("is incomplete without one of its programs, or with one that cannot be executed", async () => {
    await using root = await scratch();
    const folder = join(root.path, "engine");
    for (const spoil of [(file: string) => rm(file), (file: string) => chmod(file, 0o644)]) {
      await fillEngineFolder(folder, "download", fill);
      await spoil(join(folder, "pulumi-language-nodejs"));
      assert.equal(await completeEngine(folder), undefined);
    }
  });

  it.runIf(process.getuid?.() === 0)("is incomplete to root where somebody else owns a program, who might rewrite it", async () => {
    await using root = await scratch();
    const folder = join(root.path, "engine");
    await fillEngineFolder(folder, "download", fill);
    await chown(join(folder, "pulumi"), 1001, 1001);
    assert.equal(await completeEngine(folder), undefined);
  });

  it("does not come to be when it cannot be filled, and leaves nothing half", async () => {
    await using root = await scratch();
    const folder = join(root.path, "engine");
    assert.equal(await fillEngineFolder(folder, "built", async () => "no compiler"), "no compiler");
    await assert.rejects(fillEngineFolder(folder, "built", () => Promise.reject(new Error("killed"))), /killed/);
    assert.deepEqual(await readdir(root.path), []);
  });

  it("is made anew over an incomplete one, and what killed processes left is removed", async () => {
    await using root = await scratch();
    const folder = join(root.path, "engine");
    await mkdir(folder);
    await mkdir(join(root.path, "engine.4711-1.tmp"));
    await mkdir(join(root.path, "other.4711-1.tmp"));
    await fillEngineFolder(folder, "built", fill);
    assert.ok(await completeEngine(folder));
    assert.deepEqual((await readdir(root.path)).sort(), ["engine", "other.4711-1.tmp"]);
  });
});
