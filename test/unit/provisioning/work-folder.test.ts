/** A worker's temporary folder that the system clears away beneath it, as systemd-tmpfiles does with what is old. */
import assert from "node:assert/strict";
import { chown, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { previewWithRefresh } from "../../../src/drift/preview-events.ts";
import type { PreviewOptions } from "../../../src/drift/preview-events.ts";
import { AutomationEngine } from "../../../src/provisioning/automation-engine.ts";
import type { AutomationEngineOptions } from "../../../src/provisioning/automation-engine.ts";
import { createWorkFolder } from "../../../src/provisioning/work-folder.ts";

/** Says whether all is there that an engine needs. */
const ENGINE = `#!/bin/sh
test -L "$PULUMI_HOME/plugins" && test -f "$PULUMI_HOME/logs" && test -d node_modules/user-vps/src && echo '{"version":3,"deployment":{}}' >&2
exit 3
`;
const FOUND_ALL = /"deployment"/;

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "user-vps-cleared-"));
  await writeFile(join(base, "pulumi"), ENGINE, { mode: 0o755 });
});
afterAll(() => rm(base, { recursive: true, force: true }));

function basis(name: string) {
  const slot = { slotId: "slot", program: "127.0.0.1:1", providers: "", release: async () => undefined };
  const options = {
    folder: join(base, name), installed: { pluginsDir: base, binDir: base, version: "3.270.0", env: {} }, env: {}, backendUrl: "postgres://unused@127.0.0.1/unused", workerId: "worker",
    backend: { readStack: async () => ({ resources: [], secretsSettings: {} }) }, processes: { add: async () => undefined }, slots: { take: async () => slot },
  };
  return options as unknown as AutomationEngineOptions & PreviewOptions;
}

describe("a worker whose temporary folder is cleared away", () => {
  const cleared: readonly (readonly [string, string])[] = [["all of it", ""], ["the engine's home", "pulumi-home"], ["the home of previews", "pulumi-home-of-previews"], ["a link within", "pulumi-home/plugins"]];

  for (const [what, path] of cleared) {
    it(`has its next run and preview find everything in its place: ${what}`, async () => {
      const options = basis(`of-${path.replaceAll("/", "-")}`);
      const engine = new AutomationEngine(options);
      const preview = previewWithRefresh(options);
      const run = async () => {
        await assert.rejects(engine.exportStack("alice", { runId: "run-1" }), FOUND_ALL);
        await assert.rejects(preview({ stackName: "alice", config: {} }, () => undefined), FOUND_ALL);
      };
      await run();
      await rm(join(options.folder, path), { recursive: true });
      await run();
    });
  }
});

describe("createWorkFolder", () => {
  it("makes its parent for nobody else's eyes", async () => {
    const parent = join(base, "gone");
    const { path, remove } = await createWorkFolder(parent);
    assert.equal((await stat(parent)).mode & 0o777, 0o700);
    await remove();
    await assert.rejects(stat(path), { code: "ENOENT" });
  });

  it("puts nothing into a folder of somebody else's", async () => {
    const others = join(base, "others");
    await mkdir(others, { recursive: true });
    const isRoot = process.getuid?.() === 0;
    if (isRoot) await chown(others, 65_534, 65_534);
    await assert.rejects(createWorkFolder(isRoot ? others : "/usr"), { code: "ENGINE_FAILED", message: /belongs to the user/ });
  });
});
