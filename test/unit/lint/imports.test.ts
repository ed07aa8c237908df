import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";
import { afterEach, beforeEach, describe, it } from "vitest";
import { imports } from "../../../lint/imports.ts";
import { APART, LAYERS } from "../../../lint/layers.ts";

describe("the rules of imports", () => {
  let root = "";

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "user-vps-lint-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  /** Writes the files, and answers what is wrong with them, as `file: message`. */
  async function faults(files: Readonly<Record<string, string>>): Promise<string[]> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    const eslint = new ESLint({
      cwd: root,
      overrideConfigFile: true,
      overrideConfig: [{ files: ["**/*.ts"], languageOptions: { parser: tseslint.parser }, plugins: { imports }, rules: { "imports/one-way": "error", "imports/no-circle": "error" } }],
    });
    const results = await eslint.lintFiles(["**/*.ts"]);
    return results.flatMap(({ filePath, messages }) => messages.map(({ message }) => `${filePath.slice(root.length + 1)}: ${message}`));
  }

  it("leave imports downwards and within a folder alone", async () => {
    assert.deepEqual(await faults({
      "src/jobs/worker.ts": `import { up } from "../provisioning/up.ts"; import { job } from "./job.ts"; export const worker = [up, job];`,
      "src/jobs/job.ts": `import { http } from "../../providers/core/http.ts"; export const job = http;`,
      "src/provisioning/up.ts": `export const up = 1;`,
      "providers/core/http.ts": `export const http = 1;`,
    }), []);
  });

  const UPWARDS: readonly (readonly [string, string, string, string])[] = [
    ["upwards", "src/records/runs.ts", "src/http/app.ts", "src/http stands above src/records"],
    ["from a provider into the program", "providers/health/probe.ts", "src/db/index.ts", "src/db stands above providers"],
    ["from the API client into the provider", "providers/hostinger/api/client.ts", "providers/hostinger/session.ts", "providers stands above providers/hostinger/api"],
    ["sideways", "src/drift/sweep.ts", "src/releases/waves.ts", "src/releases stands beside src/drift"],
    ["of the sandbox", "src/jobs/worker.ts", "src/sandbox/index.ts", "only src/cli, docs/generate, bench and tests import src/sandbox"],
    ["from the sandbox", "src/sandbox/index.ts", "providers/core/http.ts", "src/sandbox imports nothing but itself"],
  ];
  for (const [what, from, to, fault] of UPWARDS) {
    for (const [how, text] of [["a value", (path: string) => `import { x } from "${path}"; export const y = x;`], ["a type", (path: string) => `import type { x } from "${path}"; export type Y = typeof x;`], ["re-exported", (path: string) => `export * from "${path}";`], ["at run time", (path: string) => `export const y = () => import("${path}");`]] as const) {
      it(`find an import ${what}: ${how}`, async () => {
        const path = `${"../".repeat(from.split("/").length - 1)}${to}`;
        const found = await faults({ [from]: text(path), [to]: "export const x = 1;" });
        assert.equal(found.length, 1, found.join("\n"));
        assert.ok(found[0]!.startsWith(`${from}: ${fault}`), found[0]);
      });
    }
  }

  it("find that two folders import each other", async () => {
    const found = await faults({
      "src/jobs/a.ts": `import { b } from "../provisioning/b.ts"; export const a = b;`,
      "src/provisioning/b.ts": `export const b = 1;`,
      "src/provisioning/c.ts": `import type { a } from "../jobs/a.ts"; export type C = typeof a;`,
    });
    assert.deepEqual(found.map((one) => one.split(";")[0]), ["src/provisioning/c.ts: src/jobs stands above src/provisioning"]);
  });

  it("find a circle of files, over others and by types as well, in each of them", async () => {
    const found = await faults({
      "src/jobs/a.ts": `import { b } from "./b.ts"; export const a = b;`,
      "src/jobs/b.ts": `export const b = () => import("./c.ts");`,
      "src/jobs/c.ts": `import type { a } from "./a.ts"; export type C = typeof a;`,
      "src/jobs/d.ts": `import { a } from "./a.ts"; export const d = a;`,
    });
    assert.deepEqual(found.map((one) => one.split(";")[0]), [
      "src/jobs/a.ts: a circle: src/jobs/a.ts -> src/jobs/b.ts -> src/jobs/c.ts -> src/jobs/a.ts",
      "src/jobs/b.ts: a circle: src/jobs/b.ts -> src/jobs/c.ts -> src/jobs/a.ts -> src/jobs/b.ts",
      "src/jobs/c.ts: a circle: src/jobs/c.ts -> src/jobs/a.ts -> src/jobs/b.ts -> src/jobs/c.ts",
    ]);
  });

  it("know every folder of src", async () => {
    const files = (await readdir("src", { recursive: true })).filter((file) => file.endsWith(".ts"));
    const folders = new Set(files.map((file) => `src/${file.split("/")[0]}`));
    assert.ok(folders.size > 10, [...folders].join(" "));
    assert.deepEqual([...folders].filter((folder) => folder !== APART.folder && !LAYERS.flat().includes(folder)), []);
  });
});
