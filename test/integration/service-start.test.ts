/** A service that cannot start ends, with all that it had started so far. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { startSandbox } from "../../src/sandbox/index.ts";
import { atEnd } from "../support/at-end.ts";
import { withDatabase } from "../support/postgres.ts";
import { TEST_JWT_SECRET } from "../support/tokens.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "service", "main.ts");

async function start(env: Readonly<Record<string, string>>): Promise<{ code: number | null; output: string }> {
  const { url } = await withDatabase();
  const sandbox = await startSandbox();
  atEnd(() => sandbox.close());
  const { PATH = "", HOME = "/", NODE_COMPILE_CACHE = "" } = process.env;
  const child = spawn(process.execPath, [MAIN], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH, HOME, NODE_COMPILE_CACHE, ...sandbox.env, DATABASE_URL: url, VPS_DOMAIN: sandbox.domain, JWT_SECRET: TEST_JWT_SECRET, PULUMI_CONFIG_PASSPHRASE: "fake-passphrase-for-tests",
      CREDENTIALS_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`, CONDUCTOR_URL: "https://downloads.example.com/conductor", CLI_URL: "https://downloads.example.com/spoq", ...env,
    },
  });
  atEnd(() => void child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => { output += text; });
  const [code] = (await once(child, "exit")) as [number | null];
  return { code, output };
}

describe("a service that cannot start", () => {
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

  it("does not wait for an engine that is being built where the database is not to be had", async () => {
    const folder = await mkdtemp(join(tmpdir(), "user-vps-start-"));
    atEnd(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, "go"), '#!/bin/sh\n[ "$1" = version ] && echo "go version go1.99.0 linux/amd64" && exit\nexec sleep 600\n', { mode: 0o755 });
    const mirror = createHttpServer((_request, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
    await once(mirror, "listening");
    atEnd(() => void mirror.close());
    const { code, output } = await start({
      PORT: "0", DATABASE_URL: "postgres://nobody:none@127.0.0.1:1/none",
      PATH: `${folder}:/usr/bin:/bin`, XDG_CACHE_HOME: folder, PULUMI_DOWNLOAD_URL: `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`,
    });
    assert.equal(code, 1, output);
    assert.match(output, /DATABASE_FAILED/);
  });
});
