import assert from "node:assert/strict";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "vitest";
import { buildEngine } from "../../../src/install-pulumi/build.ts";
import { scratch, type Scratch } from "./scratch.ts";

/** A `go` that notes how it was called and writes the file after -o. */
const GO = `
if [ "$1" = version ]; then echo go version go1.26.0 linux/amd64; exit; fi
echo "$PWD GOFLAGS=[$GOFLAGS] GOWORK=$GOWORK CGO=$CGO_ENABLED TOOLCHAIN=$GOTOOLCHAIN $*" >> "$CALLS"
sleep "\${DELAY:-0}"
while [ "$1" != -o ]; do shift; done
echo made > "$2"`;

async function build(folder: Scratch, env: NodeJS.ProcessEnv = {}, signal?: AbortSignal, timeoutMs?: number) {
  const target = join(folder.path, "target");
  await mkdir(target);
  const progress: string[] = [];
  const reason = await buildEngine(target, {
    env: { PATH: `${folder.path}/bin:/usr/bin:/bin`, CALLS: join(folder.path, "calls"), ...env },
    onProgress: (line) => progress.push(line),
    heartbeatMs: 50,
    signal,
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
  return { reason, progress, target };
}

describe("buildEngine", () => {
  it("builds both modules as go.sum pins them, whatever the caller's flags", async () => {
    await using folder = await scratch();
    await folder.script("bin/go", GO);
    const { reason, target } = await build(folder, { GOFLAGS: "-mod=mod", GOWORK: "/elsewhere/go.work", GOTOOLCHAIN: "local" });
    assert.equal(reason, undefined);
    assert.deepEqual((await readdir(target)).sort(), ["language-host-3.68", "pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"]);
    const calls = (await readFile(join(folder.path, "calls"), "utf8")).trim().split("\n");
    assert.equal(calls.length, 2);
    for (const call of calls) assert.match(call, /GOFLAGS=\[\] GOWORK=off CGO=0 TOOLCHAIN=auto build -mod=readonly -buildvcs=false -trimpath/);
    assert.match(String(calls[0]), /src\/install-pulumi\/language-host .*cmd\/pulumi-language-nodejs$/);
    assert.match(String(calls[1]), /src\/install-pulumi\/cli .*version\.Version=v3\.274\.1 .*pkg\/v3\/cmd\/pulumi$/);
  });

  it("says how long it takes, and that it goes on", async () => {
    await using folder = await scratch();
    await folder.script("bin/go", GO);
    const { progress } = await build(folder, { DELAY: "0.15" });
    assert.equal(progress[0], "building the Pulumi engine, about 4 minutes, once");
    assert.match(String(progress[1]), /^building the Pulumi engine: [\d.]+ s$/);
    assert.match(String(progress.at(-1)), /^built the Pulumi engine in [\d.]+ s$/);
  });

  it("reports the end of what the compiler said", async () => {
    await using folder = await scratch();
    await folder.script("bin/go", `[ "$1" = version ] && exit; echo noise >&2; echo 'go.mod requires go >= 1.25.11 (running go 1.20)' >&2; exit 1`);
    const { reason } = await build(folder);
    assert.match(String(reason), /'go build' of language-host-3\.68 failed: noise; go\.mod requires go >= 1\.25\.11/);
  });

  it("says of a build that took too long that a second try goes on with it", async () => {
    await using folder = await scratch();
    await folder.script("bin/go", GO.replace("sleep", "exec sleep"));
    const { reason } = await build(folder, { DELAY: "30" }, undefined, 200);
    assert.match(String(reason), /was ended after 0\.2 s; what is built by now is kept, so a second try goes on from there$/);
  });

  it("reports that there is no Go", async () => {
    await using folder = await scratch();
    const { reason, progress } = await build(folder, { PATH: folder.path });
    assert.match(String(reason), /'go version' failed: .*ENOENT/);
    assert.deepEqual(progress, []);
  });

  it("stops the compiler when it is aborted", async () => {
    await using folder = await scratch();
    await folder.script("bin/go", `[ "$1" = version ] && exit; exec sleep 30`);
    const startedAt = Date.now();
    await assert.rejects(build(folder, {}, AbortSignal.timeout(150)), { name: "TimeoutError" });
    assert.ok(Date.now() - startedAt < 5_000);
  });
});
