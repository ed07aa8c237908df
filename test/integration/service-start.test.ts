/** A service that cannot start, or is interrupted while it does, ends with all that it had started so far. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import { startSandbox } from "../../src/sandbox/index.ts";
import { atEnd } from "../support/at-end.ts";
import { addRows } from "../support/fleet.ts";
import { withDatabase } from "../support/postgres.ts";
import { TEST_JWT_SECRET } from "../support/tokens.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "service", "main.ts");

interface Begun {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; output: string }>;
}

/** Of a service whose machine was busy with others for longer than it waits for a connection, or for Go's version. It is started anew: these tests are of something else. */
const WAS_LATE = /connection timeout|timeout expired|'go' was ended after/;
const MOST_STARTS = 5;

/** @param databasePort of who passes on to the database */
async function start(env: Readonly<Record<string, string>>, databasePort?: number): Promise<{ code: number | null; output: string }> {
  for (let starts = 1; ; starts += 1) {
    const end = await (await begin(env, databasePort)).ended;
    if (starts === MOST_STARTS || !WAS_LATE.test(end.output)) return end;
  }
}

async function begin(env: Readonly<Record<string, string>>, databasePort?: number): Promise<Begun> {
  const url = new URL((await withDatabase()).url);
  if (databasePort !== undefined) url.port = String(databasePort);
  const sandbox = await startSandbox();
  atEnd(() => sandbox.close());
  const { PATH = "", HOME = "/", NODE_COMPILE_CACHE = "" } = process.env;
  const child = spawn(process.execPath, [MAIN], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH, HOME, NODE_COMPILE_CACHE, ...sandbox.env, DATABASE_URL: url.href, VPS_DOMAIN: sandbox.domain, JWT_SECRET: TEST_JWT_SECRET, PULUMI_CONFIG_PASSPHRASE: "fake-passphrase-for-tests",
      CREDENTIALS_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`, CONDUCTOR_URL: "https://downloads.example.com/conductor", CLI_URL: "https://downloads.example.com/spoq", ...env,
    },
  });
  atEnd(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => { output += text; });
  return { child, ended: once(child, "exit").then(([code]) => ({ code: code as number | null, output })) };
}

/** An environment in which no engine is found or fetched, and what is on its PATH: an empty folder. */
async function withoutEngine() {
  const folder = await mkdtemp(join(tmpdir(), "user-vps-start-"));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const mirror = createHttpServer((_request, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
  await once(mirror, "listening");
  atEnd(() => void mirror.close());
  return { folder, env: { PATH: folder, XDG_CACHE_HOME: folder, PULUMI_DOWNLOAD_URL: `http://127.0.0.1:${(mirror.address() as AddressInfo).port}` } };
}

/** An environment in which an engine is built without an end; a file tells that it has begun. */
async function withEndlessBuild() {
  const { folder, env } = await withoutEngine();
  const isBuilding = join(folder, "is-building");
  await writeFile(join(folder, "go"), `#!/bin/sh\n[ "$1" = version ] && echo "go version go1.99.0 linux/amd64" && exit\n: > ${isBuilding}\nexec sleep 600\n`, { mode: 0o755 });
  return { folder, isBuilding, env: { ...env, PATH: `${folder}:/usr/bin:/bin` } };
}

/** Until all the files are there. */
async function beginUntil(files: readonly string[], env: Readonly<Record<string, string>>, { isRead = true } = {}): Promise<Begun> {
  const areThere = () => files.every((file) => existsSync(file));
  for (let starts = 1; ; starts += 1) {
    const begun = await begin(env);
    if (!isRead) begun.child.stderr!.destroy();
    while (!areThere() && begun.child.exitCode === null) await sleep(50);
    if (areThere()) return begun;
    const { output } = await begun.ended;
    // One that nobody reads does not tell whether it was late.
    assert.ok(starts < MOST_STARTS && (!isRead || WAS_LATE.test(output)), `the service ended at start ${starts}: ${output}`);
  }
}

describe("a service that nobody reads any more", () => {
  it("goes on, until it is ended", async () => {
    const { env, isBuilding } = await withEndlessBuild();
    const { child, ended } = await beginUntil([isBuilding], { PORT: "0", ...env }, { isRead: false });
    child.kill("SIGTERM");
    assert.equal((await ended).code, 0);
  });
});

describe("a service that is interrupted while it starts", () => {
  it("gives up the engine that is being built, stops the PostgreSQL that it has started, and ends as it was asked to", async () => {
    const { folder, env, isBuilding } = await withEndlessBuild();
    // For PostgreSQL's user as well.
    await chmod(folder, 0o755);
    const dataFolder = join(folder, "postgresql");
    const server = join(dataFolder, "data", "postmaster.pid");
    const { child, ended } = await beginUntil([isBuilding, server], { PORT: "0", ...env, DATABASE_URL: "", USER_VPS_DATA_FOLDER: dataFolder });
    child.kill("SIGTERM");
    const { code, output } = await ended;
    assert.equal(code, 0, output);
    assert.match(output, /SIGTERM: the start ends here/);
    assert.equal(existsSync(server), false);
    assert.deepEqual((await readdir(join(folder, "user-vps"))).filter((name) => /lock|engine-/.test(name)), []);
  });
});

describe("a service that cannot start", () => {
  it("ends whatever is still open in its process", async () => {
    const { code, output } = await start({ PORT: "nonsense", NODE_OPTIONS: "--import=data:text/javascript,setInterval(Object,1000000)" });
    assert.equal(code, 1, output);
    assert.match(output, /PORT: expected a whole number/);
  });

  it("ends its worker and itself where another program has the port, and says so", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    atEnd(() => void other.close());
    const { code, output } = await start({ PORT: String((other.address() as AddressInfo).port) });
    assert.equal(code, 1, output);
    assert.match(output, /CONFIG_INVALID: HTTP cannot be served at HOST 127\.0\.0\.1 and PORT \d+: another program listens there \(EADDRINUSE\)/);
    assert.doesNotMatch(output, /after calling end on the pool/);
  });

  it("ends what of its worker has started where another part of it does not start", async () => {
    const { code, output } = await start({ PORT: "0", USER_VPS_CA_FILE: "/none/ca.pem" });
    assert.equal(code, 1, output);
    assert.match(output, /CONFIG_INVALID: The CA file \/none\/ca\.pem cannot be used/);
    assert.doesNotMatch(output, /after calling end on the pool/);
  });

  it("takes no work on with the token of an account that has none of the VMs that are in use", async () => {
    const { pool, url } = await withDatabase();
    await addRows(pool, ["alice", "bob", "carol"].map((username, index) => ({ username, hostname: `${username}.spoq.dev`, vmId: 900_001 + index, address: "203.0.113.1" })));
    const { code, output } = await start({ PORT: "0", DATABASE_URL: url });
    assert.equal(code, 1, output);
    assert.match(output, /CONFIG_INVALID: The token's Hostinger account has 0 VMs.*another account's token\? Next: Set HOSTINGER_API_KEY/);
    assert.doesNotMatch(output, /after calling end on the pool/);
  });

  it("does not wait for an engine that is being built where the database is not to be had", async () => {
    const { folder, env, isBuilding } = await withEndlessBuild();
    // A server that goes away once the engine is being built.
    const database = createServer((socket) => {
      const looking = setInterval(() => void (existsSync(isBuilding) && socket.destroy()), 20);
      socket.on("error", () => undefined).on("close", () => clearInterval(looking));
    }).listen(0, "127.0.0.1");
    await once(database, "listening");
    atEnd(() => void database.close());
    const { ended } = await beginUntil([isBuilding], {
      PORT: "0", DATABASE_URL: `postgres://nobody:none@127.0.0.1:${(database.address() as AddressInfo).port}/none`,
      ...env,
    });
    const { code, output } = await ended;
    assert.equal(code, 1, output);
    assert.match(output, /DATABASE_FAILED/);
    assert.deepEqual((await readdir(join(folder, "user-vps"))).filter((name) => /lock|engine-/.test(name)), []);
  });

  it("says what is wrong with its engine where that is known before its database is open", async () => {
    const { env } = await withoutEngine();
    const { hostname, port } = new URL((await withDatabase()).url);
    // Its database is slow to answer.
    const slow = createServer((socket) => {
      const passed = connect(Number(port), hostname);
      setTimeout(() => socket.pipe(passed).pipe(socket), 3_000);
      for (const end of [socket, passed]) end.on("error", () => { socket.destroy(); passed.destroy(); });
    }).listen(0, "127.0.0.1");
    await once(slow, "listening");
    atEnd(() => void slow.close());
    const { code, output } = await start({ PORT: "0", ...env }, (slow.address() as AddressInfo).port);
    assert.equal(code, 1, output);
    assert.match(output, /^ENGINE_MISSING/m);
    assert.doesNotMatch(output, /triggerUncaughtException|node:internal/);
  });
});
