import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { readStackConfig } from "../../../stacks/stack-settings.ts";

const REQUIRED = { username: "alice", zoneId: "zone", conductorUrl: "https://downloads.example.com/conductor", cliUrl: "https://downloads.example.com/spoq" };

function read(settings: Record<string, string>, env: Record<string, string> = {}) {
  return readStackConfig({ config: (key) => settings[key], env });
}

function failure(settings: Record<string, string>, env: Record<string, string> = {}): UserVpsError {
  try {
    read(settings, env);
  } catch (error) {
    assert.ok(error instanceof UserVpsError);
    return error;
  }
  return assert.fail("expected a failure");
}

describe("a stack's configuration", () => {
  it("has the specification's defaults", () => {
    const { plan, templateId, dataCenterId, domain, protect, ownerId } = read(REQUIRED);
    assert.deepEqual({ plan, templateId, dataCenterId, domain, protect, ownerId }, { plan: "hostingercom-vps-kvm1-usd-1m", templateId: 1007, dataCenterId: 9, domain: "spoq.dev", protect: true, ownerId: undefined });
  });

  it("takes the environment where nothing is set, and what is set before the environment", () => {
    const env = { DEFAULT_VPS_DATACENTER: "19", DEFAULT_VPS_TEMPLATE: "1002", CLOUDFLARE_ZONE_ID: "other" };
    const { dataCenterId, templateId, zoneId } = read({ ...REQUIRED, templateId: "1013" }, env);
    assert.deepEqual({ dataCenterId, templateId, zoneId }, { dataCenterId: 19, templateId: 1013, zoneId: "zone" });
  });

  it("takes an empty variable for one that is not set", () => assert.equal(read(REQUIRED, { DEFAULT_VPS_PLAN: "" }).plan, "hostingercom-vps-kvm1-usd-1m"));

  it("takes a plan by each of its names for the catalog item that a purchase names, as the service does", () => {
    for (const name of ["kvm1", "KVM 1", "hostingercom-vps-kvm1-usd-1m"]) assert.equal(read(REQUIRED, { DEFAULT_VPS_PLAN: name }).plan, "hostingercom-vps-kvm1-usd-1m");
    assert.equal(read({ ...REQUIRED, plan: "kvm2" }).plan, "hostingercom-vps-kvm2-usd-1m");
    assert.equal(read({ ...REQUIRED, plan: "hostingercom-vps-kvm16-usd-1m" }).plan, "hostingercom-vps-kvm16-usd-1m", "newer than the specification");
  });

  it("takes white space off the ends of download addresses, as files have it", () => {
    for (const [before, after] of [[" ", " "], ["", "\n"]]) {
      const { cliUrl: _, ...others } = REQUIRED;
      const { conductorUrl, cliUrl } = read({ ...others, conductorUrl: `${before}${REQUIRED.conductorUrl}${after}` }, { CLI_URL: `${before}${REQUIRED.cliUrl}${after}` });
      assert.deepEqual([conductorUrl, cliUrl], [REQUIRED.conductorUrl, REQUIRED.cliUrl]);
    }
  });

  it("names all that is missing at once, with variable and example", () => {
    const error = failure({});
    assert.equal(error.code, "CONFIG_INVALID");
    for (const text of ["username", "zoneId (or CLOUDFLARE_ZONE_ID)", "conductorUrl (or CONDUCTOR_URL)", "cliUrl (or CLI_URL)", "pulumi config set zoneId"]) assert.ok(error.message.includes(text), text);
  });

  for (const [key, value] of [["plan", "kvm3"], ["templateId", "ubuntu"], ["dataCenterId", "-1"], ["dataCenterId", "1.5"], ["protect", "yes"], ["conductorUrl", "ftp://example.com/x"], ["domain", "Spoq.dev"], ["dnsTtlSeconds", "5"], ["sshPublicKey", "-----BEGIN"], ["allowReplaceOf", "all"]] as const) {
    it(`refuses ${key} = '${value}' by name, with an example`, () => {
      const error = failure({ ...REQUIRED, [key]: value });
      assert.equal(error.code, "CONFIG_INVALID");
      assert.match(error.message, new RegExp(`- ${key}.*for example`));
    });
  }

  it("asks what is meant by a name that is like a setting's and is none, so that no purchase is made without it, and passes others over", () => {
    const readNamed = (names: string[]) => readStackConfig({ config: (key) => (REQUIRED as Record<string, string>)[key], names: [...Object.keys(REQUIRED), ...names], env: {} });
    for (const [name, meant] of [["importVMId", "importVmId"], ["importVmID", "importVmId"], ["allowPurchases", "allowPurchase"], ["plans", "plan"], ["datacenterId", "dataCenterId"]] as const) {
      assert.throws(() => readNamed([name]), (error: Error) => error.message.includes(`${name} is no setting; is ${meant} meant? pulumi config rm ${name}`), name);
    }
    assert.equal(readNamed(["ticket", "costCenter", "importVmId"]).username, "alice");
  });

  it("refuses a user name that cannot be a host name", () => assert.equal(failure({ ...REQUIRED, username: "Alice!" }).code, "USERNAME_INVALID"));

  it("is frozen", () => assert.ok(Object.isFrozen(read(REQUIRED))));
});
