import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { readSettings } from "../../../src/config/settings.ts";
import { VARIABLES, type Variable } from "../../../src/config/variables.ts";

const KEY = Buffer.alloc(32, 7).toString("base64");
const HTTP = { DATABASE_URL: "postgres://a@127.0.0.1/b", JWT_SECRET: "fake-jwt-secret-for-tests-of-32-bytes", CREDENTIALS_KEYS: `k1:${KEY}` };
const WORKER = {
  DATABASE_URL: HTTP.DATABASE_URL, CREDENTIALS_KEYS: HTTP.CREDENTIALS_KEYS, HOSTINGER_API_KEY: "fake-hostinger-token-for-tests", CLOUDFLARE_API_TOKEN: "fake-cloudflare-token-for-tests", CLOUDFLARE_ZONE_ID: "zone",
  PULUMI_CONFIG_PASSPHRASE: "fake-passphrase-for-tests", CONDUCTOR_URL: "https://downloads.example.com/conductor", CLI_URL: "https://downloads.example.com/spoq",
};

function problemsOf(env: Record<string, string>, role: "all" | "http" | "worker"): string {
  try {
    readSettings({ env, role });
  } catch (error) {
    assert.equal((error as { code?: string }).code, "CONFIG_INVALID");
    return (error as Error).message;
  }
  return "";
}

describe("readSettings", () => {
  it("gives the specification's defaults", () => {
    const { defaultPlan, defaultTemplateId, defaultDataCenterId, domain, host, port, workerConcurrency } = readSettings({ env: HTTP, role: "http" });
    assert.deepEqual([defaultPlan, defaultTemplateId, defaultDataCenterId, domain, host, port, workerConcurrency], ["hostingercom-vps-kvm1-usd-1m", 1007, 9, "spoq.dev", "127.0.0.1", 8080, 2]);
  });

  it("is frozen", () => {
    assert.ok(Object.isFrozen(readSettings({ env: HTTP, role: "http" })));
  });

  it("names everything that is missing or malformed at once, each with an example, and the demo", () => {
    const message = problemsOf({ PORT: "http", TRUST_PROXY: "true", VPS_DOMAIN: "Spoq" }, "all");
    for (const name of ["HOSTINGER_API_KEY", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ZONE_ID", "CONDUCTOR_URL", "CLI_URL", "CREDENTIALS_KEYS", "JWT_SECRET", "PULUMI_CONFIG_PASSPHRASE", "PORT", "TRUST_PROXY", "VPS_DOMAIN"]) {
      assert.match(message, new RegExp(`- ${name}\\b.*for example ${name}='`), name);
    }
    assert.match(message, /npm run demo/);
  });

  it("asks a worker for no JWT secret, and HTTP for no tokens", () => {
    assert.equal(problemsOf(WORKER, "worker"), "");
    assert.equal(problemsOf(HTTP, "http"), "");
  });

  it("wants a database of those who are several, and none of one that is all", () => {
    assert.match(problemsOf({ ...WORKER, DATABASE_URL: "" }, "worker"), /DATABASE_URL is missing/);
    assert.match(problemsOf({ ...HTTP, DATABASE_URL: "" }, "http"), /DATABASE_URL is missing/);
    assert.equal(problemsOf({ ...HTTP, ...WORKER, DATABASE_URL: "" }, "all"), "");
  });

  it("takes a database's URL only as the engine can read it as well, and says how", () => {
    for (const right of ["postgres://a@127.0.0.1/b", "postgresql://a:50%25off@db.example.com:5433/b?sslmode=verify-full", "postgres:///b?host=/run/postgresql"]) assert.equal(problemsOf({ ...HTTP, DATABASE_URL: right }, "http"), "", right);
    for (const wrong of ["postgres://a:50%off@127.0.0.1/b", "postgres://a:x%zz@127.0.0.1/b", "postgres://a:x#y@127.0.0.1/b", "postgres://a@127.0.0.1/100%", "postgres:b", "mysql://a@127.0.0.1/b"]) {
      const message = problemsOf({ ...WORKER, DATABASE_URL: wrong, STATE_BACKEND_URL: wrong }, "worker");
      for (const name of ["DATABASE_URL", "STATE_BACKEND_URL"]) assert.match(message, new RegExp(`- ${name}: expected a postgres:// URL; in a password, .* written %25`), wrong);
      assert.ok(!message.includes(wrong));
    }
  });

  it("takes white space off the ends of addresses, as files have it", () => {
    for (const [before, after] of [[" ", " "], ["", "\n"]]) {
      const around = Object.fromEntries(Object.entries({ ...WORKER, STATE_BACKEND_URL: "postgres://a@127.0.0.1/state" }).map(([name, value]) => [name, name.endsWith("_URL") ? `${before}${value}${after}` : value]));
      const { databaseUrl, stateBackendUrl, conductorUrl, cliUrl } = readSettings({ env: around, role: "worker" });
      assert.deepEqual([databaseUrl, stateBackendUrl, conductorUrl, cliUrl], [WORKER.DATABASE_URL, "postgres://a@127.0.0.1/state", WORKER.CONDUCTOR_URL, WORKER.CLI_URL]);
    }
  });

  it("refuses what each run would refuse: downloads that the script cannot hold, and half of an account for certificates", () => {
    for (const [wrong, why] of [["https://user:fake@downloads.example.com/x", "holds a user name or password"], ["https://downloads.example.com/a b", "holds blanks"], ["ftp://downloads.example.com/x", "is not an http or https URL"]] as const) {
      const message = problemsOf({ ...WORKER, CONDUCTOR_URL: wrong, CLI_URL: wrong }, "worker");
      for (const name of ["CONDUCTOR_URL", "CLI_URL"]) assert.match(message, new RegExp(`- ${name}: ${why}`), wrong);
    }
    const account = { ACME_CA: "https://acme.example.com/dir", ACME_EAB_KEY_ID: "fake-id", ACME_EAB_MAC_KEY: "fake-key" };
    assert.equal(problemsOf({ ...WORKER, ...account }, "worker"), "");
    for (const [missing, why] of [["ACME_EAB_MAC_KEY", /ACME_EAB_MAC_KEY\) go together/], ["ACME_EAB_KEY_ID", /ACME_EAB_KEY_ID\) and .* go together/], ["ACME_CA", /ACME_CA\) is missing/]] as const) {
      assert.match(problemsOf({ ...WORKER, ...account, [missing]: "" }, "worker"), why);
      assert.match(problemsOf({ ...HTTP, ...WORKER, ...account, [missing]: "" }, "all"), why);
    }
    assert.equal(problemsOf({ ...HTTP, ...account, ACME_EAB_MAC_KEY: "" }, "http"), "");
  });

  it("takes one of what excludes each other", () => {
    assert.match(problemsOf({ ...HTTP, JWT_JWKS_URL: "https://auth.example.com/jwks.json" }, "http"), /only one of JWT_SECRET, JWT_JWKS_URL/);
    assert.match(problemsOf({ ...WORKER, SECRETS_PROVIDER: "awskms://x" }, "worker"), /only one of PULUMI_CONFIG_PASSPHRASE, SECRETS_PROVIDER/);
  });

  it("takes the address of a key service that Pulumi knows", () => {
    const worker = { ...WORKER, PULUMI_CONFIG_PASSPHRASE: "" };
    for (const right of ["awskms://alias/user-vps?region=eu-central-1", "hashivault://key", "passphrase"]) assert.equal(problemsOf({ ...worker, SECRETS_PROVIDER: right }, "worker"), "", right);
    for (const wrong of ["nonsense", "awskms:", "https://kms.example.com/key"]) assert.match(problemsOf({ ...worker, SECRETS_PROVIDER: wrong }, "worker"), /SECRETS_PROVIDER: expected a key service's address/, wrong);
  });

  it("takes each pool once", () => {
    const pool = { plan: "kvm1", dataCenterId: 9, ready: 1 };
    assert.equal(problemsOf({ ...WORKER, POOLS: JSON.stringify([pool, { ...pool, dataCenterId: 17 }]) }, "worker"), "");
    assert.match(problemsOf({ ...WORKER, POOLS: JSON.stringify([pool, { ...pool, plan: "KVM 1", ready: 2 }]) }, "worker"), /POOLS: expected each pool .* once/);
  });

  it("takes no template that the installation is not made for, by name and with what to take, and takes one that is newer", () => {
    const expected = /the installation is made for Ubuntu and Debian, not for template 1014 \(Rocky Linux 9\); take 1007 \(Ubuntu 22\.04 LTS\), 1002/;
    assert.match(problemsOf({ ...HTTP, DEFAULT_VPS_TEMPLATE: "1014" }, "http"), expected);
    assert.match(problemsOf({ ...WORKER, POOLS: JSON.stringify([{ plan: "kvm1", ready: 1, templateId: 1014 }]) }, "worker"), expected);
    for (const id of ["1002", "1077"]) assert.equal(problemsOf({ ...HTTP, DEFAULT_VPS_TEMPLATE: id }, "http"), "");
  });

  it("takes a plan by id, name or catalog item, and lists them for another", () => {
    for (const plan of ["kvm4", "KVM 4", "hostingercom-vps-kvm4-usd-1m"]) assert.equal(readSettings({ env: { ...HTTP, DEFAULT_VPS_PLAN: plan }, role: "http" }).defaultPlan, "hostingercom-vps-kvm4-usd-1m");
    assert.match(problemsOf({ ...HTTP, DEFAULT_VPS_PLAN: "kvm3" }, "http"), /expected one of hostingercom-vps-kvm1-usd-1m, .*kvm8/);
  });

  it("takes plans that users may have as it takes one", () => {
    assert.deepEqual(readSettings({ env: { ...HTTP, ALLOWED_PLANS: "kvm1, KVM 2,hostingercom-vps-kvm16-usd-1m" }, role: "http" }).allowedPlans, ["hostingercom-vps-kvm1-usd-1m", "hostingercom-vps-kvm2-usd-1m", "hostingercom-vps-kvm16-usd-1m"]);
    for (const wrong of ["kvm1,kvm3", ",", "KVM1"]) assert.match(problemsOf({ ...HTTP, ALLOWED_PLANS: wrong }, "http"), /ALLOWED_PLANS: expected/);
  });

  it("lists the data centers for one that is not known", () => {
    assert.match(problemsOf({ ...HTTP, DEFAULT_VPS_DATACENTER: "Vilnius" }, "http"), /DEFAULT_VPS_DATACENTER: expected a whole number/);
  });

  it("reads trusted proxies as a number of hops or as networks", () => {
    const read = (TRUST_PROXY: string) => readSettings({ env: { ...HTTP, TRUST_PROXY }, role: "http" }).trustProxy;
    assert.equal(read("2"), 2);
    assert.deepEqual(read("10.0.0.0/8, ::1"), ["10.0.0.0/8", "::1"]);
    for (const wrong of ["yes", "10.0.0.0/33", "10.0.0", "10.0.0.0/8/8", "::/129"]) assert.match(problemsOf({ ...HTTP, TRUST_PROXY: wrong }, "http"), /TRUST_PROXY: expected/, wrong);
  });

  it("reads the header that proxies write in whatever case", () => {
    const read = (TRUST_PROXY_HEADER: string) => readSettings({ env: { ...HTTP, TRUST_PROXY_HEADER }, role: "http" }).trustProxyHeader;
    assert.deepEqual([read(""), read("Forwarded"), read("X-Forwarded-For")], ["x-forwarded-for", "forwarded", "x-forwarded-for"]);
    const message = problemsOf({ ...HTTP, TRUST_PROXY_HEADER: "X-Real-IP" }, "http");
    assert.match(message, /TRUST_PROXY_HEADER: expected x-forwarded-for or forwarded/);
  });

  it("reads credential keys in their order, and refuses short ones, unnamed ones and names given twice", () => {
    const keys = readSettings({ env: { ...HTTP, CREDENTIALS_KEYS: `new:${KEY}, old:${KEY}` }, role: "http" }).credentialsKeys;
    assert.deepEqual(keys?.map(({ id, key }) => [id, key.length]), [["new", 32], ["old", 32]]);
    for (const wrong of [KEY, `:${KEY}`, "k1:c2hvcnQ=", `k1:${KEY},`, `k1:${KEY},k1:${KEY}`]) assert.match(problemsOf({ ...HTTP, CREDENTIALS_KEYS: wrong }, "http"), /CREDENTIALS_KEYS: expected/);
  });

  it("reads none of a worker's secrets for the role http, and refuses each of them where that is asked for", () => {
    const spare = Object.values<Variable<unknown>>(VARIABLES).filter(({ onlyFor }) => onlyFor && !onlyFor.includes("http"));
    assert.ok(["HOSTINGER_API_KEY", "CLOUDFLARE_API_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "SSH_PRIVATE_KEY"].every((name) => spare.some((one) => one.name === name)));
    const env = { ...HTTP, ...Object.fromEntries(spare.map(({ name, example }) => [name, example])) };
    const settings = readSettings({ env, role: "http" }) as unknown as Record<string, unknown>;
    for (const [key, { name }] of Object.entries(VARIABLES)) if (spare.some((one) => one.name === name)) assert.equal(settings[key], undefined, name);
    for (const { name, example } of spare) assert.match(problemsOf({ ...HTTP, REFUSE_SPARE_SECRETS: "true", [name]: example }, "http"), new RegExp(`${name}: expected not to be here`));
    assert.equal(problemsOf({ ...HTTP, REFUSE_SPARE_SECRETS: "true" }, "http"), "");
  });

  it("counts what reaches the key service among the secrets of workers", () => {
    const keyService = { SECRETS_PROVIDER: "hashivault://user-vps", VAULT_TOKEN: "fake-vault-token-for-tests", REFUSE_SPARE_SECRETS: "true" };
    assert.match(problemsOf({ ...HTTP, ...keyService }, "http"), /VAULT_TOKEN: expected not to be here/);
    assert.equal(problemsOf({ ...WORKER, ...keyService, PULUMI_CONFIG_PASSPHRASE: "" }, "worker"), "");
  });

  it("reads when to sweep as crontab does, and refuses what never is", () => {
    const read = (SWEEP_CRON: string) => readSettings({ env: { ...HTTP, SWEEP_CRON }, role: "http" }).sweepCron;
    for (const line of ["*/15 * * * *", "0,30 8-18 1 jan-dec MON-fri", "5 4 * * 7", "0 0 1-31/2 * sun"]) assert.equal(read(line), line);
    assert.equal(read("  */5\t*  * * * "), "*/5 * * * *");
    assert.equal(read("off"), undefined);
    for (const wrong of ["99 99 99 99 99", "*/0 * * * *", "60 * * * *", "0 24 * * *", "0 0 0 * *", "0 0 * 13 *", "0 0 * * 8", "9-5 * * * *", "a b c d e", "@hourly", "* * * *", "* * * * * *", "1,, * * * *", "0 0 31 2 *", "0 0 31 4,6 *", "H * * * *", "0,h(1-5) * * * *"]) assert.match(problemsOf({ ...HTTP, SWEEP_CRON: wrong }, "http"), /SWEEP_CRON: expected five fields/, wrong);
  });

  it("reads sites as browsers write them", () => {
    const read = (site: string) => readSettings({ env: { ...HTTP, PUBLIC_URL: site, CORS_ORIGINS: `${site},http://b.example.com:8080` }, role: "http" });
    for (const site of ["https://vps.example.com", "https://VPS.example.com", "https://vps.example.com:443/", " https://vps.example.com/ "]) {
      const { publicUrl, corsOrigins } = read(site);
      assert.deepEqual([publicUrl, corsOrigins], ["https://vps.example.com", ["https://vps.example.com", "http://b.example.com:8080"]], site);
    }
    for (const wrong of ["vps.example.com", "https://vps.example.com/path", "https://a@vps.example.com", "https://vps.example.com/?a", "ftp://vps.example.com", "*"]) {
      const message = problemsOf({ ...HTTP, PUBLIC_URL: wrong, CORS_ORIGINS: wrong }, "http");
      assert.match(message, /PUBLIC_URL: expected/, wrong);
      assert.match(message, /CORS_ORIGINS: expected/, wrong);
    }
  });

  it("takes a DNS server by its address, with or without a port", () => {
    for (const USER_VPS_DNS_RESOLVER of ["1.1.1.1", "1.1.1.1:53", "::1", "[::1]", "[::1]:5353"]) assert.equal(problemsOf({ ...HTTP, USER_VPS_DNS_RESOLVER }, "http"), "");
    for (const wrong of ["dns.example.com", "1.1.1.1:0", "1.1.1.1:99999", "1.1.1:53", "[1.1.1.1]:53", "1.1.1.1:"]) assert.match(problemsOf({ ...HTTP, USER_VPS_DNS_RESOLVER: wrong }, "http"), /USER_VPS_DNS_RESOLVER: expected/, wrong);
  });

  it("refuses numbers that no record or timer could hold", () => {
    const message = problemsOf({ ...HTTP, DEFAULT_VPS_DATACENTER: "99999999999999", DEFAULT_VPS_TEMPLATE: "2147483648", HEALTH_TIMEOUT_SECONDS: "999999999999999" }, "http");
    for (const name of ["DEFAULT_VPS_DATACENTER", "DEFAULT_VPS_TEMPLATE", "HEALTH_TIMEOUT_SECONDS"]) assert.match(message, new RegExp(`${name}: expected a whole number from 1 to `));
  });

  it("keeps the stacks' state in PostgreSQL alone", () => {
    assert.match(problemsOf({ ...WORKER, STATE_BACKEND_URL: "file:///srv/state" }, "worker"), /STATE_BACKEND_URL: expected a postgres:/);
  });

  it("repeats no secret in its message", () => {
    const message = problemsOf({ ...HTTP, JWT_SECRET: "fake-short-secret", CREDENTIALS_KEYS: "fake-key-for-tests", DATABASE_URL: "mysql://fake-password-for-tests@x/y" }, "http");
    assert.match(message, /3 settings/);
    assert.doesNotMatch(message, /fake-/);
  });

  it("has examples that are themselves taken", () => {
    for (const { name, schema, example } of Object.values(VARIABLES)) {
      if (name === "SSH_PUBLIC_KEY") continue;
      assert.ok(schema.safeParse(example).success, name);
    }
  });
});
