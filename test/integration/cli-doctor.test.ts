import assert from "node:assert/strict";
import { addRecord, addRows } from "../support/fleet.ts";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { sandboxEnvironment } from "../../src/cli/sandbox-env.ts";
import { examine } from "../../src/doctor/examine.ts";
import type { Finding } from "../../src/doctor/index.ts";
import { checkService } from "../../src/doctor/service.ts";
import { envFileLine } from "../../src/config/env-file.ts";
import { splitByRole } from "../../src/config/split-by-role.ts";
import { ensureEngine } from "../../src/install-pulumi/ensure-engine.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { atEnd } from "../support/at-end.ts";
import { withApp } from "../support/http-app.ts";
import { withDatabase } from "../support/postgres.ts";
import { TEST_SERVER_FOLDER } from "../support/test-server.ts";
import { TEST_JWT_SECRET } from "../support/tokens.ts";
import { runCli, runJson, temporaryFolder } from "./cli-support.ts";
import { records } from "./sandbox-support.ts";

type Check = Pick<Finding, "check" | "result" | "found" | "mend">;

interface Report {
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

const byName = (checks: readonly Check[]) => Object.fromEntries(checks.map((one) => [one.check as string, one]));

const LOOK_LIMIT_MS = 60_000;

const FAKE_KEY = Buffer.from("fake-credentials-key-for-tests-!").toString("base64");

describe("user-vps doctor", async () => {
  const folder = temporaryFolder();
  const sandbox = await startSandbox({ dataDir: folder });
  // Doctor only looks; that there is an engine is the tests' business.
  await ensureEngine();
  afterAll(() => sandbox.close());
  const migrated = await withDatabase();
  const empty = await withDatabase({ migrated: false });
  const { app, jobs } = await withApp();
  const well = {
    ...sandboxEnvironment(sandbox, { env: {} }),
    DATABASE_URL: migrated.url,
    JWT_SECRET: TEST_JWT_SECRET,
    CREDENTIALS_KEYS: `test:${FAKE_KEY}`,
  };

  /** What the command looks at, without a process of its own; `byCommand` is the command itself. */
  const doctor = async (more: Record<string, string | undefined>, code: number) => {
    const { PATH, HOME } = process.env;
    const context = { env: { PATH, HOME, ...well, ...more }, signal: AbortSignal.timeout(LOOK_LIMIT_MS) };
    const checks = [...(await examine(context, "all")), await checkService(context)];
    assert.equal(checks.every(({ result }) => result !== "failed"), code === 0, JSON.stringify(checks));
    return byName(checks);
  };
  const byCommand = async (more: Record<string, string | undefined>, code: number, ...args: string[]) => {
    const { ok, checks } = await runJson<Report>(["doctor", ...args], { env: { ...well, ...more }, code });
    assert.equal(ok, code === 0);
    return byName(checks);
  };
  /** The one check fails, and says how to mend it. */
  const assertFails = async (check: string, more: Record<string, string | undefined>, found: RegExp, mend: RegExp, look = doctor) => {
    const checks = await look(more, 1);
    assert.equal(checks[check]?.result, "failed", JSON.stringify(checks[check]));
    assert.match(checks[check].found, found);
    assert.match(checks[check].mend ?? "", mend);
  };

  it("finds nothing to mend where all is well, in every check", async () => {
    const { code, stdout, stderr } = await runCli(["doctor"], { env: well });
    assert.equal(code, 0, stdout);
    for (const check of ["node", "settings", "engine", "plugins", "hostinger", "clock", "cloudflare", "database", "migrations", "stacks", "disk"]) assert.match(stdout, new RegExp(`^ok +${check} +\\S`, "m"));
    assert.match(stdout, /^Nothing to mend\.$/m);
    for (const secret of [sandbox.hostingerToken, sandbox.cloudflareToken, well.JWT_SECRET, FAKE_KEY, new URL(migrated.url).password]) assert.ok(!(stdout + stderr).includes(secret));
  });

  it("settings: names what is missing for the role", async () => {
    await assertFails("settings", { CONDUCTOR_URL: undefined }, /CONDUCTOR_URL is missing/, /environment or in the file \.env/, byCommand);
    assert.equal((await byCommand({ CONDUCTOR_URL: undefined }, 0, "--role", "http"))["settings"]?.result, "ok");
  });

  it("looks for http at what http has alone, by http.env where it is there, and finds nothing to mend", async () => {
    const cwd = temporaryFolder();
    const { http } = splitByRole(Object.entries(well).map(([name, value]) => envFileLine(name, value)).join("\n"));
    writeFileSync(join(cwd, "http.env"), http);
    writeFileSync(join(cwd, ".env"), "DATABASE_URL='not read here'\n");
    const { checks } = await runJson<Report>(["doctor", "--role", "http"], { env: { REFUSE_SPARE_SECRETS: "true" }, cwd });
    assert.deepEqual(checks.map(({ check, result }) => [check, result]), [...["node", "settings", "database", "migrations", "purchases", "certificates", "disk"].map((check) => [check, "ok"]), ["service", "skipped"]]);
  });

  it("goes through a proxy that the file .env alone names", async () => {
    const asked = new Set<string | undefined>();
    const proxy = createServer().on("connect", ({ url }, socket) => {
      asked.add(url);
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    }).listen(0, "127.0.0.1");
    atEnd(() => void proxy.close());
    await once(proxy, "listening");
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, ".env"), `${envFileLine("HTTPS_PROXY", `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)}\n`);
    const { checks } = await runJson<Report>(["doctor"], { env: { ...well, HOSTINGER_API_BASE_URL: "https://hostinger.invalid" }, cwd, code: 1 });
    assert.equal(byName(checks)["hostinger"]?.result, "failed");
    assert.ok(asked.has("hostinger.invalid:443"), JSON.stringify(checks));
  });

  it("hostinger: no token, one that is not accepted, nobody there", async () => {
    await assertFails("hostinger", { HOSTINGER_API_KEY: undefined }, /There is no Hostinger API key/, /hPanel/);
    await assertFails("hostinger", { HOSTINGER_API_KEY: "fake-token-that-nobody-accepts" }, /API_UNAUTHORIZED/, /hPanel/);
    await assertFails("hostinger", { HOSTINGER_API_BASE_URL: "http://127.0.0.1:1" }, /API_UNREACHABLE/, /HOSTINGER_API_BASE_URL/);
  });

  it("hostinger: a token without the permission for VPS or for billing, and an API that is broken", async () => {
    for (const [path, status, found, mend] of [
      ["/api/vps", 403, /API_FORBIDDEN/, /access to VPS and Billing/],
      ["/api/billing", 403, /API_FORBIDDEN/, /access to VPS and Billing/],
      ["/api/vps", 500, /API_UNAVAILABLE/, /status page/],
    ] as const) {
      sandbox.addFault({ api: "hostinger", path, times: 0, fault: { kind: "status", status } });
      await assertFails("hostinger", {}, found, mend).finally(() => sandbox.clearFaults());
    }
  });

  it("hostinger: a token of an account that has none of the VMs that are in use", async () => {
    const { pool, url } = await withDatabase();
    await addRows(pool, ["alice", "bob", "carol"].map((username, index) => ({ username, hostname: `${username}.${sandbox.domain}`, vmId: 900_001 + index, address: "203.0.113.1" })));
    await assertFails("hostinger", { DATABASE_URL: url }, /of 3 that are in use by the records not one .*another account's token\?/, /HOSTINGER_API_KEY/);
    assert.equal((await doctor({ DATABASE_URL: url, ALLOW_OTHER_ACCOUNT: "true" }, 0))["hostinger"]?.result, "ok");
  });

  it("clock: ten minutes behind the API's", async () => {
    const server = createServer((_request, response) => {
      response.sendDate = false;
      response.setHeader("date", new Date(Date.now() + 600_000).toUTCString()).setHeader("content-type", "application/json").end("[]");
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    atEnd(() => server.close());
    await assertFails("clock", { HOSTINGER_API_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, /^(599|600) s behind/, /timedatectl/);
  });

  it("cloudflare: no token, a wrong one, a wrong zone, another domain's zone, nobody there", async () => {
    await assertFails("cloudflare", { CLOUDFLARE_API_TOKEN: undefined }, /CLOUDFLARE_API_TOKEN is missing/, /Zone, DNS, Edit/);
    await assertFails("cloudflare", { CLOUDFLARE_API_TOKEN: "fake-token-that-nobody-accepts-0000000000000" }, /may not read/, /Zone, DNS, Edit/);
    await assertFails("cloudflare", { CLOUDFLARE_ZONE_ID: "0123456789abcdef0123456789abcdef" }, /there is no zone/, /CLOUDFLARE_ZONE_ID/);
    await assertFails("cloudflare", { VPS_DOMAIN: "example.com" }, /is spoq\.dev, but VPS_DOMAIN is example\.com/, /a name under spoq\.dev/);
    await assertFails("cloudflare", { CLOUDFLARE_BASE_URL: "http://127.0.0.1:1/client/v4" }, /no answer/, /CLOUDFLARE_BASE_URL/);
  });

  it("cloudflare: a CAA record by which no VPS could get a certificate", async () => {
    const { body } = await records(sandbox, "POST", "", { name: "spoq.dev", type: "CAA", ttl: 60, data: { flags: 0, tag: "issue", value: "digicert.com" } });
    await assertFails("cloudflare", {}, /spoq\.dev CAA 0 issue "digicert\.com" does not allow letsencrypt\.org/, /Add the record/).finally(() => records(sandbox, "DELETE", `/${(body as { result: { id: string } }).result.id}`));
  });

  it("cloudflare: a broken one, a malformed address; a token that may not read the zone's name is enough", async () => {
    sandbox.addFault({ api: "cloudflare", times: 0, fault: { kind: "status", status: 500 } });
    await assertFails("cloudflare", {}, /Cloudflare answers with 500/, /cloudflarestatus/).finally(() => sandbox.clearFaults());
    sandbox.addFault({ api: "cloudflare", times: 0, fault: { kind: "status", status: 403, body: "<html>blocked</html>" } });
    await assertFails("cloudflare", {}, /not Cloudflare's API answers with 403/, /proxy/).finally(() => sandbox.clearFaults());
    await assertFails("cloudflare", { CLOUDFLARE_BASE_URL: "ftp://127.0.0.1" }, /malformed/, /api\.cloudflare\.com/);
    const withoutZoneRead = () => sandbox.addFault({ api: "cloudflare", path: `/client/v4/zones/${sandbox.zoneId}$`, times: 0, fault: { kind: "status", status: 403 } });
    withoutZoneRead();
    const checks = await doctor({}, 0).finally(() => sandbox.clearFaults());
    assert.match(checks["cloudflare"]!.found, /may not read the zone's name/);
    await addRecord(sandbox, "www.spoq.dev", "192.0.2.1");
    withoutZoneRead();
    await assertFails("cloudflare", { VPS_DOMAIN: "example.com" }, /holds www\.spoq\.dev, but VPS_DOMAIN is example\.com/, /CLOUDFLARE_ZONE_ID/).finally(() => sandbox.clearFaults());
  });

  it("database: nobody there, a wrong password", async () => {
    const wrong = new URL(migrated.url);
    wrong.password = "fake-wrong-password";
    await assertFails("database", { DATABASE_URL: wrong.href }, /password authentication failed/, /lets this user in/);
    await assertFails("database", { DATABASE_URL: "postgres://nobody:fake-password-for-tests@127.0.0.1:1/none" }, /ECONNREFUSED/, /DATABASE_URL/);
  });

  it("stacks: none yet, some, and those of a database that was called otherwise", async () => {
    assert.deepEqual((({ result, found }) => [result, found])((await doctor({}, 0))["stacks"]!), ["ok", "none yet (DATABASE_URL)"]);
    const { pool, url } = await withDatabase();
    const name = new URL(url).pathname.slice(1);
    await pool.query("CREATE TABLE pulumi_state (key TEXT PRIMARY KEY, data JSON NOT NULL, updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now())");
    const insert = (database: string, username: string) => pool.query("INSERT INTO pulumi_state (key, data) VALUES ($1, '{}')", [`${database}/.pulumi/stacks/user-vps/${username}.json`]);
    await insert("fleet_before", "alice");
    await insert("fleet_before", "bob");
    await assertFails("stacks", { DATABASE_URL: url }, new RegExp(`2 stacks is kept under the name of the database 'fleet_before', but this one is called '${name}'`), /UPDATE pulumi_state SET key/);
    await insert(name, "carol");
    assert.match((await doctor({ DATABASE_URL: url }, 0))["stacks"]!.found, /^1 in Pulumi's state \(DATABASE_URL\)/);
    await assertFails("stacks", { DATABASE_URL: url, PGSSLNEGOTIATION: "nonsense" }, /the engine does not come to Pulumi's state, though this program does \(DATABASE_URL\): .*sslnegotiation/i, /names begin with PG/);
    assert.equal((await doctor({ DATABASE_URL: url, PGCLIENTENCODING: "LATIN1" }, 0))["stacks"]!.result, "ok");
    // Empty is not set; and as the commands that open stacks do.
    assert.match((await doctor({ DATABASE_URL: url, STATE_BACKEND_URL: "", PULUMI_BACKEND_URL: "" }, 0))["stacks"]!.found, /\(DATABASE_URL\)/);
    assert.match((await doctor({ STATE_BACKEND_URL: url }, 0))["stacks"]!.found, /^1 in Pulumi's state \(STATE_BACKEND_URL\)/);
    assert.match((await doctor({ PULUMI_BACKEND_URL: url, STATE_BACKEND_URL: migrated.url }, 0))["stacks"]!.found, /^1 in Pulumi's state \(PULUMI_BACKEND_URL\)/);
    assert.match((await doctor({ PULUMI_BACKEND_URL: "file:///nowhere" }, 0))["stacks"]!.found, /PULUMI_BACKEND_URL leads to no PostgreSQL/);
  });

  it("migrations: an empty database lacks all of them, and doctor applies none", async () => {
    await assertFails("migrations", { DATABASE_URL: empty.url }, /not applied, the first is 001_user_vps\.sql/, /Start the service/);
    await assertFails("migrations", { DATABASE_URL: empty.url }, /the first is 001_user_vps\.sql/, /Start the service/);
  });

  it("database: none yet is no failure, the service makes one", async () => {
    const checks = await doctor({ DATABASE_URL: undefined, USER_VPS_DATA_FOLDER: join(folder, "no-database") }, 0);
    assert.deepEqual([checks["database"]?.result, checks["migrations"]?.result], ["skipped", "skipped"]);
  });

  it("database: the service's own, where it was made, and where it does not start", async () => {
    // Its database of the name `postgres` is used by no test, so it has no migrations.
    const { database, migrations } = await doctor({ DATABASE_URL: undefined, USER_VPS_DATA_FOLDER: TEST_SERVER_FOLDER }, 1);
    assert.deepEqual([database?.result, migrations?.result], ["ok", "failed"]);
    assert.ok(database!.found.endsWith(`the service's own in ${TEST_SERVER_FOLDER}`), database!.found);

    const broken = join(folder, "broken-postgresql");
    mkdirSync(join(broken, "data"), { recursive: true });
    writeFileSync(join(broken, "data", "PG_VERSION"), "18\n");
    await assertFails("database", { DATABASE_URL: undefined, USER_VPS_DATA_FOLDER: broken }, /own PostgreSQL does not start/, /the log in its folder/);
  });

  it("service: ready, not ready, away, another server; not looked for without USER_VPS_URL", async () => {
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    assert.equal((await doctor({ USER_VPS_URL: url }, 0))["service"]?.found, `${url} is ready`);
    jobs.outage = new Error("an example of an outage");
    await assertFails("service", { USER_VPS_URL: url }, /is not ready: queue: an example of an outage/, /Mend what it names/);
    await assertFails("service", { USER_VPS_URL: "http://127.0.0.1:1" }, /does not answer/, /npm start/);
    await assertFails("service", { USER_VPS_URL: sandbox.hostingerUrl }, /readyz answers with 404, not as the service does/, /the service's own address/);
    await assertFails("service", { USER_VPS_URL: "no address" }, /malformed/, /vps\.example\.com/);
    assert.equal((await doctor({}, 0))["service"]?.result, "skipped");
  });

  it("tells all that is wrong at once, with a way to mend each", async () => {
    const { code, stdout } = await runCli(["doctor"], { env: { USER_VPS_DATA_FOLDER: join(folder, "no-database") }, cwd: folder });
    assert.equal(code, 1);
    const failures = stdout.match(/^FAILED/gm)?.length ?? 0;
    assert.ok(failures >= 3, stdout);
    assert.equal(stdout.match(/^ +mend: \S/gm)?.length, failures);
    assert.match(stdout, new RegExp(`^${failures} to mend\\.$`, "m"));
  });
});
