/** What the engine and node-postgres say to PostgreSQL, told the same address. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, it } from "vitest";
import { tryQuietly } from "../../src/cli/user-stack/pulumi-run.ts";
import { engineBackend } from "../../src/install-pulumi/engine-backend.ts";
import { engineEnvironment } from "../../src/install-pulumi/engine-environment.ts";
import { ensureEngine, preparePulumiHome, type Engine } from "../../src/install-pulumi/ensure-engine.ts";

interface Said {
  readonly wantsTls: boolean;
  readonly parameters: Readonly<Record<string, string>>;
  readonly password: string;
}

const SSL_REQUEST = 80_877_103;

describe("the engine and node-postgres, told the same address", () => {
  let engine: Engine;
  let folder: string;
  let heard: Said[] = [];
  const server = createServer((socket) => void listen(socket).catch(() => undefined).finally(() => socket.destroy()));

  /** Hears who signs in, and refuses. */
  async function listen(socket: Socket): Promise<void> {
    const bytes = socket.iterator();
    let buffer = Buffer.alloc(0);
    const take = async (length: number): Promise<Buffer> => {
      while (buffer.length < length) {
        const { value, done } = (await bytes.next()) as IteratorResult<Buffer>;
        if (done) throw new Error("it is gone");
        buffer = Buffer.concat([buffer, value]);
      }
      const taken = buffer.subarray(0, length);
      buffer = buffer.subarray(length);
      return taken;
    };
    const message = async () => take((await take(4)).readInt32BE() - 4);
    const first = await message();
    if (first.readInt32BE() === SSL_REQUEST) {
      heard.push({ wantsTls: true, parameters: {}, password: "" });
      socket.end("N");
      return;
    }
    const words = first.subarray(4).toString().split("\0");
    const parameters = Object.fromEntries(words.flatMap((name, index) => (index % 2 === 0 && name !== "" ? [[name, words[index + 1]!]] : [])));
    // It wants the password as it is.
    socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]));
    await take(1);
    heard.push({ wantsTls: false, parameters, password: (await message()).toString().replace(/\0$/, "") });
    const fields = "SFATAL\0C28P01\0Mnobody gets in here\0\0";
    const head = Buffer.alloc(5);
    head.write("E");
    head.writeInt32BE(fields.length + 4, 1);
    socket.end(Buffer.concat([head, Buffer.from(fields)]));
  }

  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    engine = await ensureEngine();
    folder = await mkdtemp(join(tmpdir(), "user-vps-engine-backend-"));
    await preparePulumiHome(join(folder, "home"), engine);
  });
  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const url = (given: string) => given.replace("HOST", `127.0.0.1:${(server.address() as AddressInfo).port}`);

  async function heardOf(work: () => Promise<unknown>): Promise<Said> {
    heard = [];
    await work();
    assert.ok(heard.length > 0, `nobody came: ${told}`);
    return heard[0]!;
  }
  const asNode = (given: string) => heardOf(() => new Client({ connectionString: url(given), application_name: "x" }).connect().catch(() => undefined));
  let told = "";
  const asEngine = (given: string, env: NodeJS.ProcessEnv = {}) => heardOf(async () => {
    const run = await tryQuietly(["whoami"], { cwd: folder, env: { ...engineEnvironment(engine, { ...process.env, ...env, PULUMI_HOME: join(folder, "home") }), ...engineBackend(url(given), { applicationName: "x", env }) } });
    assert.ok(!run.ok);
    told = `${run.stdout}\n${run.reason}`;
  });

  it.each([
    "postgresql://al%40ice:fake%25%2Fpass-word@HOST/neon?sslmode=disable&channel_binding=require",
    "postgres://alice:fake-password@HOST/b%20c?uselibpqcompat=true&sslmode=disable&schema=public&options=-c%20geqo%3Doff&statement_timeout=5000",
    "postgres://HOST/b?user=alice&password=fake-password",
    "postgres://alice:fake-password@HOST/neon?ssl=true",
    "postgres://alice:fake-password@HOST/neon?sslmode=no-verify",
  ])("say the same: %s", async (given) => {
    const ofNode = await asNode(given);
    // What the address does not say of TLS, the environment does.
    const ofEngine = await asEngine(given, { PGCHANNELBINDING: "require", PGSSLMODE: given.includes("ssl") ? "no-verify" : "disable" });
    const same = ({ parameters: { user, database, application_name: name, options, statement_timeout: limit, ...others }, ...said }: Said) => ({ said: { ...said, user, database, name, options, limit }, others: Object.keys(others).filter((name) => !["client_encoding", "datestyle", "DateStyle", "extra_float_digits"].includes(name)) });
    assert.deepEqual(same(ofEngine), same(ofNode));
    assert.doesNotMatch(told, /fake/, "the engine quotes the password");
  });
});
