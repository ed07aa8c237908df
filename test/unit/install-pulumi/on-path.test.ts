import assert from "node:assert/strict";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "vitest";
import { engineOnPath } from "../../../src/install-pulumi/on-path.ts";
import { scratch, type Scratch } from "./scratch.ts";

const optionsFor = (folder: Scratch, ...places: string[]) => ({
  env: { PATH: [...places.map((place) => join(folder.path, place)), "/usr/bin", "/bin"].join(":") },
  versionsFile: join(folder.path, "versions.json"),
  ownFolders: [join(folder.path, "own")],
});

async function install(folder: Scratch, place: string, version: string): Promise<void> {
  await folder.script(`${place}/pulumi`, `echo called >> ${folder.path}/calls; echo ${version}`);
  await folder.script(`${place}/pulumi-language-nodejs`, "");
}

describe("engineOnPath", () => {
  it("takes one that is new enough and remembers its version without asking again", async () => {
    await using folder = await scratch();
    await install(folder, "bin", "v3.275.2");
    for (let turn = 0; turn < 3; turn += 1) {
      assert.deepEqual(await engineOnPath(optionsFor(folder, "bin")), { folder: join(folder.path, "bin"), version: "3.275.2" });
    }
    assert.equal(await readFile(join(folder.path, "calls"), "utf8"), "called\n");
  });

  it("asks again when the executable has changed", async () => {
    await using folder = await scratch();
    await install(folder, "bin", "v3.274.1");
    await engineOnPath(optionsFor(folder, "bin"));
    await install(folder, "bin", "v3.100.0 ");
    assert.match(JSON.stringify(await engineOnPath(optionsFor(folder, "bin"))), /is v3\.100\.0, needed is 3\.270\.0/);
  });

  it("takes one whose version cannot be remembered, for nothing can be written there", async () => {
    await using folder = await scratch();
    await install(folder, "bin", "v3.275.2");
    await writeFile(join(folder.path, "file"), "");
    const options = { ...optionsFor(folder, "bin"), versionsFile: join(folder.path, "file", "versions.json") };
    assert.deepEqual(await engineOnPath(options), { folder: join(folder.path, "bin"), version: "3.275.2" });
  });

  it("says that there is none", async () => {
    await using folder = await scratch();
    assert.equal(await engineOnPath(optionsFor(folder)), "there is no pulumi on PATH");
  });

  it("refuses one without its language host, and one that does not answer", async () => {
    await using folder = await scratch();
    await folder.script("bare/pulumi", "echo v3.274.1");
    assert.match(JSON.stringify(await engineOnPath(optionsFor(folder, "bare"))), /no pulumi-language-nodejs beside it/);
    await folder.script("broken/pulumi", "exit 3");
    assert.match(JSON.stringify(await engineOnPath(optionsFor(folder, "broken"))), /does not say its version/);
  });

  it("follows a link to where the language host is", async () => {
    await using folder = await scratch();
    await install(folder, "cellar", "v3.274.1");
    await folder.script("bin/other", "");
    await symlink(join(folder.path, "cellar", "pulumi"), join(folder.path, "bin", "pulumi"));
    assert.deepEqual(await engineOnPath(optionsFor(folder, "bin")), { folder: join(folder.path, "cellar"), version: "3.274.1" });
  });

  it("passes over this project's own engines, linked or not", async () => {
    await using folder = await scratch();
    await install(folder, "own", "v3.274.1");
    await install(folder, "bin", "v3.271.0");
    await folder.script("links/other", "");
    await symlink(join(folder.path, "own", "pulumi"), join(folder.path, "links", "pulumi"));
    const found = await engineOnPath(optionsFor(folder, "own", "links", "bin"));
    assert.deepEqual(found, { folder: join(folder.path, "bin"), version: "3.271.0" });
  });

  it("survives a damaged record of versions", async () => {
    await using folder = await scratch();
    await install(folder, "bin", "v3.274.1");
    await writeFile(join(folder.path, "versions.json"), "{half");
    assert.deepEqual(await engineOnPath(optionsFor(folder, "bin")), { folder: join(folder.path, "bin"), version: "3.274.1" });
  });
});
