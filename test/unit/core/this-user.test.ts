import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "vitest";
import { homeFolder, userName } from "../../../providers/core/this-user.ts";

const CHECKOUT = join(import.meta.dirname, "..", "..", "..");
const NAMELESS = 54_321;

/** As a user of whom /etc/passwd knows nothing, without HOME: each result, or what it failed with. */
function asNobodyKnown(imports: Record<string, string>, ...expressions: string[]): string[] {
  const script = `
    const all = Object.assign({}, ...await Promise.all(${JSON.stringify(Object.values(imports).map((path) => join(CHECKOUT, path)))}.map((path) => import(path))));
    const { ${Object.keys(imports).join(", ")} } = all;
    process.setuid(${NAMELESS});
    const told = [${expressions.map((expression) => `() => ${expression}`).join(", ")}].map((work) => { try { return String(work()); } catch (error) { return String(error); } });
    console.log(JSON.stringify(told));`;
  const { HOME: _, ...env } = process.env;
  return JSON.parse(execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script], { encoding: "utf8", env })) as string[];
}

describe("as whom this runs", () => {
  it("has a name, and HOME before what the system tells", () => {
    assert.match(userName(), /^\S+$/);
    assert.equal(homeFolder({ HOME: "/srv/home" }), "/srv/home");
    assert.match(homeFolder({ HOME: "" }), /^\//);
  });

  it.runIf(process.getuid?.() === 0)("is called by the number where there is no name, and says what to set where there is no home", () => {
    const [name, home, whoAmI, session] = asNobodyKnown(
      { userName: "providers/core/this-user.ts", homeFolder: "providers/core/this-user.ts", whoAmI: "src/cli/service-client/operator-token.ts", keptSession: "src/cli/service-client/session-file.ts" },
      "userName()", "homeFolder({})", "whoAmI()", "keptSession({})",
    );
    assert.equal(name, "uid-54321");
    assert.match(home!, /CONFIG_INVALID: The user that this runs as, uid-54321, has no home.* Next: Set HOME/s);
    assert.match(whoAmI!, /^cli:uid-54321@/);
    assert.equal(session, "undefined", "nobody has logged in");
  });
});
