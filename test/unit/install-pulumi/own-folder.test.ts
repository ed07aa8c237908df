import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { ownFolder } from "../../../src/install-pulumi/own-folder.ts";
import { atEnd } from "../../support/at-end.ts";

const CACHE = "/home/somebody/.cache/user-vps";
const NOBODY = 65_534;

function checkout(): string {
  const folder = mkdtempSync(join(tmpdir(), "user-vps-own-folder-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe("the project's own folder", () => {
  it("is in the checkout of whoever may write there, made or not", () => {
    const here = checkout();
    assert.equal(ownFolder(here, CACHE), join(here, ".user-vps"));
    mkdirSync(join(here, ".user-vps"));
    assert.equal(ownFolder(here, CACHE), join(here, ".user-vps"));
  });

  it("is in the user's cache for a package that npm has installed", () => {
    assert.match(ownFolder("/usr/lib/node_modules/user-vps", CACHE), /^\/home\/somebody\/\.cache\/user-vps\/installed-[0-9a-f]{8}$/);
  });

  it("is in the user's cache where it cannot be made, one for each checkout", () => {
    const missing = join(checkout(), "missing");
    assert.match(ownFolder(missing, CACHE), /^\/home\/somebody\/\.cache\/user-vps\/checkout-[0-9a-f]{8}$/);
    assert.notEqual(ownFolder(missing, CACHE), ownFolder(join(missing, "other"), CACHE));
  });

  it("is in the cache for a user beside whose checkout root has made one", () => {
    const here = checkout();
    chmodSync(here, 0o777);
    mkdirSync(join(here, ".user-vps"), { mode: 0o755 });
    // Where the tests are root, the folder is another's for nobody; else it is made unwritable for its owner.
    const isRoot = process.getuid?.() === 0;
    if (!isRoot) chmodSync(join(here, ".user-vps"), 0o555);
    const script = `import(${JSON.stringify(join(import.meta.dirname, "../../../src/install-pulumi/own-folder.ts"))}).then(({ ownFolder }) => { ${isRoot ? `process.setuid(${NOBODY});` : ""} console.log(ownFolder(${JSON.stringify(here)}, ${JSON.stringify(CACHE)})); })`;
    const said = execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", "-e", script], { encoding: "utf8" });
    assert.match(said, /\/checkout-[0-9a-f]{8}$/m);
  });
});
