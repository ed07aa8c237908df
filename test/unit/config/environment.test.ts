import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { doubtsOfEnvironment } from "../../../src/config/environment-doubts.ts";
import { useProxiesOf } from "../../../src/config/proxies.ts";
import { loadEnvironment } from "../../../src/config/environment.ts";
import { OTHER_VARIABLES } from "../../../docs/generate/variables.ts";
import { KEY_SERVICE_SECRETS } from "../../../src/config/variables.ts";

const folder = mkdtempSync(join(tmpdir(), "user-vps-env-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("useProxiesOf", () => {
  it("sets what the process has in neither way of writing it, and leaves the rest", () => {
    const own = { HTTPS_PROXY: "http://own.example.com", no_proxy: "" };
    useProxiesOf({ ...own, https_proxy: "http://file.example.com", HTTP_PROXY: "http://file.example.com", NO_PROXY: "file.example.com", A: "1" }, own);
    assert.deepEqual(own, { HTTPS_PROXY: "http://own.example.com", no_proxy: "", HTTP_PROXY: "http://file.example.com" });
  });
});

describe("loadEnvironment", () => {
  it("is the environment where there is no .env", () => {
    assert.deepEqual(loadEnvironment({ A: "1" }, join(folder, "none")), { A: "1" });
  });

  it("reads .env beneath the environment, which beats it", () => {
    writeFileSync(join(folder, ".env"), "A=file\nB='with blanks # and more'\n# a comment\n");
    assert.deepEqual(loadEnvironment({ A: "environment" }, folder), { A: "environment", B: "with blanks # and more" });
  });

  it("skips the byte order mark that some editors begin a file with", () => {
    writeFileSync(join(folder, ".env"), "\uFEFFA=first\nB=second\n");
    assert.deepEqual(loadEnvironment({}, folder), { A: "first", B: "second" });
  });

  it("tells the addresses of databases what PGSSLMODE is, which no driver reads from a file, unless they say something of TLS themselves", () => {
    const toldBy = (mode: string, url: string, env = {}) => {
      writeFileSync(join(folder, ".env"), `DATABASE_URL='${url}'\nSTATE_BACKEND_URL='${url}'\nPULUMI_BACKEND_URL='${url}'\nPGSSLMODE='${mode}'\n`);
      const { DATABASE_URL, STATE_BACKEND_URL, PULUMI_BACKEND_URL } = loadEnvironment(env, folder);
      assert.deepEqual([STATE_BACKEND_URL, PULUMI_BACKEND_URL], [DATABASE_URL, DATABASE_URL]);
      return DATABASE_URL;
    };
    const plain = "postgres://a:fake%25%2Fpassword@db.example.com/b";
    assert.equal(toldBy("verify-full", plain), `${plain}?sslmode=verify-full`);
    assert.equal(toldBy("verify-full", plain, { PGSSLMODE: "no-verify" }), `${plain}?sslmode=no-verify`);
    assert.equal(toldBy("require", `${plain}?connect_timeout=5`), `${plain}?connect_timeout=5&sslmode=require`);
    for (const own of ["sslmode=disable", "ssl=0", "sslrootcert=/ca.pem", "sslnegotiation=direct"]) assert.equal(toldBy("require", `${plain}?${own}`), `${plain}?${own}`);
    for (const [mode, url] of [["nonsense", plain], ["allow", plain], ["require", "file:///srv/state"], ["require", "postgres://a:50%@db.example.com/b"], ["require", ""]] as const) assert.equal(toldBy(mode, url), url);
    assert.deepEqual(loadEnvironment({ PGSSLMODE: "require", DATABASE_URL: plain }, join(folder, "none")), { PGSSLMODE: "require", DATABASE_URL: `${plain}?sslmode=require` });
  });

  it("tells files and folders that are named from the folder of the file in full, because who reads them works elsewhere", () => {
    const FILES = ["PULUMI_CONFIG_PASSPHRASE_FILE", "HOSTINGER_API_KEY_FILE", "USER_VPS_CA_FILE", "USER_VPS_DATA_FOLDER", "PULUMI_HOME", "GOOGLE_APPLICATION_CREDENTIALS"];
    writeFileSync(join(folder, ".env"), FILES.map((name) => `${name}='secrets/${name}'\n`).join(""));
    const env = loadEnvironment({ NODE_EXTRA_CA_CERTS: "/etc/ca.pem", PGSSLROOTCERT: "" }, folder);
    assert.deepEqual(FILES.map((name) => env[name]), FILES.map((name) => join(folder, "secrets", name)));
    assert.deepEqual([env["NODE_EXTRA_CA_CERTS"], env["PGSSLROOTCERT"]], ["/etc/ca.pem", ""]);
    // No file, but the system's own authorities.
    assert.equal(loadEnvironment({ PGSSLROOTCERT: "system" }, folder)["PGSSLROOTCERT"], "system");
    for (const [given, whole] of [
      ["file://.", `file://${folder}`], ["file://./state", `file://${folder}/state`], ["file://state?metadata=skip", `file://${folder}/state?metadata=skip`],
      ["file:///srv/state", "file:///srv/state"], ["file://~", "file://~"], ["file://~/state", "file://~/state"], ["s3://bucket/state?region=eu-central-1", "s3://bucket/state?region=eu-central-1"],
    ] as const) assert.equal(loadEnvironment({ PULUMI_BACKEND_URL: given }, folder)["PULUMI_BACKEND_URL"], whole);
  });

  it("tells each line that systemd would read differently, by its name and never by its value", () => {
    const differing = ["A=secret#1", "B=secret # a comment", "export C=secret", "D=`secret`", 'E="sec\\ret"', "F='secret'1", "G=sec\\ret", "H='secret"];
    for (const line of differing) {
      writeFileSync(join(folder, ".env"), `\uFEFF# a comment\n${line}\n`);
      const doubts = doubtsOfEnvironment(folder);
      assert.equal(doubts.length, 1, line);
      assert.match(doubts[0]!, new RegExp(`\\.env, line 2: ${/[A-Z](?==)/.exec(line)![0]} .* systemd`));
      assert.doesNotMatch(doubts[0]!, /sec/);
    }
  });

  it("asks whether a setting is meant by what looks like one, by its name and never by its value", () => {
    for (const [wrong, right] of [["MAX_PRICE_CENT", "MAX_PRICE_CENTS"], ["PURCHASE_PER_DAY", "PURCHASES_PER_DAY"], ["PURCHASE", "PURCHASES"], ["purchases", "PURCHASES"], ["FLEETLIMIT", "FLEET_LIMIT"], ["HOSTINGER_PURCHASE_SETTEL_SECONDS", "HOSTINGER_PURCHASE_SETTLE_SECONDS"], ["PROT", undefined]] as const) {
      writeFileSync(join(folder, ".env"), `# a comment\nA='two\nlines'\n${wrong}='secret'\n`);
      assert.deepEqual(doubtsOfEnvironment(folder), right === undefined ? [] : [`${join(folder, ".env")}, line 4: ${wrong} is no setting; is ${right} meant?`], wrong);
    }
  });

  it("doubts no name that another program reads", () => {
    const others = ["POSTGRES_PASSWORD", "PGHOST", "PGPORT", "PGSSLROOTCERT", "AWS_REGION", "HOME", "PATH", "TMPDIR", "HTTPS_PROXY", "NO_PROXY", ...KEY_SERVICE_SECRETS, ...OTHER_VARIABLES.map(({ name }) => name)];
    writeFileSync(join(folder, ".env"), others.map((name) => `${name}='x'\n`).join(""));
    assert.deepEqual(doubtsOfEnvironment(folder), []);
  });

  it("names what Node reads before the file, unless the environment has it too, as by systemd", () => {
    writeFileSync(join(folder, ".env"), "NODE_EXTRA_CA_CERTS='/srv/ca.pem'\nA=1\nNODE_OPTIONS='--use-system-ca'\n");
    assert.deepEqual(doubtsOfEnvironment(folder, {}).map((doubt) => /line \d: \w+ comes too late/.exec(doubt)?.[0]), ["line 1: NODE_EXTRA_CA_CERTS comes too late", "line 3: NODE_OPTIONS comes too late"]);
    assert.deepEqual(doubtsOfEnvironment(folder, { NODE_EXTRA_CA_CERTS: "/srv/ca.pem", NODE_OPTIONS: "--use-system-ca" }), []);
  });

  it("has no doubts where all read the same", () => {
    writeFileSync(join(folder, ".env"), "A=plain\nB='with # and \\ in it'\nC=\"with # too\"\nD=\nE=*/15 * * * *\n#F=a#b\nG='two\nlines # here'\nH=a\"b\n");
    assert.deepEqual(doubtsOfEnvironment(folder), []);
    assert.deepEqual(doubtsOfEnvironment(join(folder, "none")), []);
  });

  it("says what is wrong with a .env that cannot be read", () => {
    assert.throws(() => loadEnvironment({}, join(folder, ".env")), { code: "CONFIG_INVALID" });
  });
});
