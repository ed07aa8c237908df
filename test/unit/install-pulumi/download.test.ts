import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, it } from "vitest";
import { archiveName, checksumOf, downloadEngine } from "../../../src/install-pulumi/download.ts";
import { scratch, type Scratch } from "./scratch.ts";

const ARCHIVE = archiveName() ?? "";
const CHECKSUMS = "pulumi-3.274.1-checksums.txt";

async function fakeArchive(folder: Scratch, version = "v3.274.1"): Promise<Buffer> {
  await folder.script("pack/pulumi/pulumi", `echo ${version}`);
  for (const name of ["pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs", "pulumi-language-go"]) await folder.script(`pack/pulumi/${name}`, "");
  const packed = spawnSync("tar", ["-czf", join(folder.path, ARCHIVE), "-C", join(folder.path, "pack"), "pulumi"]);
  assert.equal(packed.status, 0);
  return await readFile(join(folder.path, ARCHIVE));
}

const sumOf = (content: Buffer) => createHash("sha256").update(content).digest("hex");

/** Downloads from a loopback server into an empty folder; returns the reason and what is in it. */
async function download(folder: Scratch, answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const target = join(folder.path, "target");
  await mkdir(target);
  const progress: string[] = [];
  try {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror`;
    const env = { PATH: process.env["PATH"], PULUMI_DOWNLOAD_URL: base };
    const reason = await downloadEngine(target, { env, onProgress: (line) => progress.push(line) });
    return { reason, files: (await readdir(target)).sort(), progress };
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Serves the archive with its checksum, the way the official site does. */
const serve = (archive: Buffer, sum = sumOf(archive)): RequestListener => (request, response) => {
  if (request.url === `/mirror/${CHECKSUMS}`) response.end(`${"0".repeat(64)}  other.tar.gz\n${sum}  ${ARCHIVE}\n`);
  else if (request.url === `/mirror/${ARCHIVE}`) response.setHeader("content-length", archive.length).end(archive);
  else response.writeHead(404).end();
};

describe("downloadEngine", { skip: ARCHIVE === "" }, () => {
  it("unpacks what the project needs and reports progress", async () => {
    await using folder = await scratch();
    const { reason, files, progress } = await download(folder, serve(await fakeArchive(folder)));
    assert.equal(reason, undefined);
    assert.deepEqual(files, ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"]);
    assert.match(String(progress.at(-1)), /100 % of 1 MB/);
  });

  it.runIf(process.getuid?.() === 0)("gives root the files itself, whoever has packed them", async () => {
    await using folder = await scratch();
    await fakeArchive(folder);
    const packed = spawnSync("tar", ["-czf", join(folder.path, ARCHIVE), "--owner=1001", "--group=1001", "-C", join(folder.path, "pack"), "pulumi"]);
    assert.equal(packed.status, 0, String(packed.stderr));
    const { reason, files } = await download(folder, serve(await readFile(join(folder.path, ARCHIVE))));
    assert.equal(reason, undefined);
    for (const name of files) assert.equal((await stat(join(folder.path, "target", name))).uid, 0, name);
  });

  it("refuses an archive with another checksum", async () => {
    await using folder = await scratch();
    const { reason, files } = await download(folder, serve(await fakeArchive(folder), "1".repeat(64)));
    assert.match(String(reason), /has the SHA-256 [0-9a-f]{64}, published is 1{64}/);
    assert.deepEqual(files, []);
  });

  it("refuses when the checksums do not name the archive", async () => {
    await using folder = await scratch();
    const { reason } = await download(folder, (_, response) => response.end("nothing here"));
    assert.match(String(reason), /do not name pulumi-v3\.274\.1/);
  });

  it("reports a transfer that breaks off", async () => {
    await using folder = await scratch();
    const archive = await fakeArchive(folder);
    const { reason, files } = await download(folder, (request, response) => {
      if (request.url?.endsWith(CHECKSUMS)) return serve(archive)(request, response);
      response.writeHead(200, { "content-length": archive.length });
      response.write(archive.subarray(0, 100), () => response.destroy());
    });
    assert.match(String(reason), /127\.0\.0\.1:\d+: /);
    assert.deepEqual(files, []);
  });

  it("reports a missing file by its status", async () => {
    await using folder = await scratch();
    const { reason } = await download(folder, (_, response) => response.writeHead(404).end());
    assert.match(String(reason), /pulumi-3\.274\.1-checksums\.txt: status 404/);
  });

  it("refuses an engine that says another version", async () => {
    await using folder = await scratch();
    const { reason } = await download(folder, serve(await fakeArchive(folder, "v3.1.0")));
    assert.match(String(reason), /does not run here: v3\.1\.0/);
  });

  it("follows redirects, but not away from https and loopback, nor for ever", async () => {
    await using folder = await scratch();
    const direct = serve(await fakeArchive(folder));
    const followed = await download(folder, (request, response) => {
      if (!request.url?.startsWith("/mirror/moved/")) return response.writeHead(302, { location: `moved/${request.url?.split("/").at(-1)}` }).end();
      request.url = request.url.replace("/moved", "");
      return direct(request, response);
    });
    assert.equal(followed.reason, undefined);

    await using other = await scratch();
    const away = await download(other, (_, response) => response.writeHead(302, { location: "http://mirror.example/" }).end());
    assert.match(String(away.reason), /redirected to an address without https/);

    await using third = await scratch();
    const loop = await download(third, (request, response) => response.writeHead(302, { location: request.url }).end());
    assert.match(String(loop.reason), /more than 5 redirects/);
  });

  const connectTimeoutMs = 500;
  const onProgress = assert.fail;
  it("says quickly that nothing answers", async () => {
    const reason = await downloadEngine("/nonexistent", { env: { PULUMI_DOWNLOAD_URL: "http://127.0.0.1:1/" }, onProgress, connectTimeoutMs });
    assert.match(String(reason), /127\.0\.0\.1:1: .*(ECONNREFUSED|bad port)/);
  });
  it("wants https off loopback", async () => {
    const reason = await downloadEngine("/nonexistent", { env: { PULUMI_DOWNLOAD_URL: "http://mirror.example/" }, onProgress });
    assert.match(String(reason), /must begin with https/);
  });
  it("does not repeat a password out of the URL", async () => {
    const reason = await downloadEngine("/nonexistent", { env: { PULUMI_DOWNLOAD_URL: "https://user:hunter2-fake@mirror.example/" }, onProgress });
    assert.match(String(reason), /without user and password/);
    assert.doesNotMatch(String(reason), /hunter2/);
  });
  it("ends with the caller's reason when it is aborted", async () => {
    const signal = AbortSignal.abort(new Error("stopped by the caller"));
    await assert.rejects(downloadEngine("/nonexistent", { env: { PULUMI_DOWNLOAD_URL: "http://127.0.0.1:1/" }, onProgress, signal }), /stopped by the caller/);
  });
});

describe("archiveName", () => {
  it("follows the site's names", () => assert.equal(archiveName("darwin", "arm64"), "pulumi-v3.274.1-darwin-arm64.tar.gz"));
  it("knows no archive for other systems", () => assert.equal(archiveName("win32", "x64"), undefined));
});

describe("checksumOf", () => {
  it("takes text and binary lines of sha256sum, and no part of a name", () => {
    const sum = "A".repeat(64);
    assert.equal(checksumOf("a.tar.gz", `${sum}  a.tar.gz\n`), sum.toLowerCase());
    assert.equal(checksumOf("a.tar.gz", `${sum} *a.tar.gz`), sum.toLowerCase());
    assert.equal(checksumOf("a.tar.gz", `${sum}  ba.tar.gz`), undefined);
    assert.equal(checksumOf("a.tar.gz", "short  a.tar.gz"), undefined);
  });
});
