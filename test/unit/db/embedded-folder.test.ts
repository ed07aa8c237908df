import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { UserVpsError } from "../../../providers/core/errors.ts";
import { claimFolder, makeEmbeddedFolder } from "../../../src/db/embedded-folder.ts";

let root = "";
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "user-vps-folder-")));
  for (const name of ["first", "second", "data"]) await mkdir(join(root, name));
  for (const name of ["first", "second"]) await writeFile(join(root, name, "package.json"), "{}");
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("claimFolder", () => {
  const data = () => join(root, "data");

  it("gives the folder to the first checkout, and lets that one in again", async () => {
    await claimFolder(data(), join(root, "first"));
    await claimFolder(data(), join(root, "first"));
    assert.equal(await readFile(join(data(), "checkout"), "utf8"), `${join(root, "first")}\n`);
  });

  it("refuses a second one, names both, and says how to go apart and how to share", async () => {
    await assert.rejects(claimFolder(data(), join(root, "second")), ({ code, message, next }: UserVpsError) =>
      code === "DATABASE_FAILED" && message.includes(join(root, "first")) && message.includes(join(root, "second")) && next.includes(`USER_VPS_DATA_FOLDER to a folder of this one's own; or to ${data()}`));
  });

  it("goes on with one that was moved", async () => {
    // At a second try it has been moved.
    await rename(join(root, "first"), join(root, "moved")).catch(() => undefined);
    await claimFolder(data(), join(root, "moved"));
    await assert.rejects(claimFolder(data(), join(root, "second")), /moved/);
  });
});

describe("makeEmbeddedFolder", () => {
  it("says what to set where nothing can be made", async () => {
    await writeFile(join(root, "file"), "");
    await assert.rejects(makeEmbeddedFolder(join(root, "file", "postgresql"), undefined), ({ code, next }: UserVpsError) => code === "DATABASE_FAILED" && next.includes("USER_VPS_DATA_FOLDER"));
  });
});
