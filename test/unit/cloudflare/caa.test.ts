import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { climb, forbidding, issuersOf, parseCaa, relevantSet } from "../../../providers/cloudflare/caa.ts";

const LETS_ENCRYPT = ["letsencrypt.org"];
const set = (...contents: string[]) => contents.map((content) => parseCaa("spoq.dev", content)!);

describe("a set of CAA records", () => {
  const cases: [what: string, contents: string[], forbids: boolean][] = [
    ["that is empty", [], false],
    ["that names the authority", ['0 issue "letsencrypt.org"'], false],
    ["that names it in capitals, without quotes, with blanks", ["0 ISSUE LetsEncrypt.org"], false],
    ["that names another", ['0 issue "digicert.com"'], true],
    ["that names another and the authority", ['0 issue "digicert.com"', '0 issue "letsencrypt.org"'], false],
    ["that forbids all", ['0 issue ";"'], true],
    ["that forbids all by an empty value", ['0 issue ""'], true],
    ["that forbids all, and allows the authority", ['0 issue ";"', '0 issue "letsencrypt.org"'], false],
    ["that is about wildcards alone", ['0 issuewild ";"'], false],
    ["that allows the authority wildcards alone, and others the rest", ['0 issue "digicert.com"', '0 issuewild "letsencrypt.org"'], true],
    ["that tells where to report alone", ['0 iodef "mailto:olga@example.com"'], false],
    ["with a critical property that nobody knows", ['0 issue "letsencrypt.org"', '128 tbs "x"'], true],
    ["with an uncritical property that nobody knows", ['0 issue "letsencrypt.org"', '0 tbs "x"'], false],
    ["with a critical property that is known", ['128 issue "letsencrypt.org"'], false],
    ["that names an authority whose name only ends so", ['0 issue "notletsencrypt.org"'], true],
    ["that allows a way that Caddy goes", ['0 issue "letsencrypt.org; validationmethods=dns-01,http-01"'], false],
    ["that allows ways that Caddy does not go", ['0 issue "letsencrypt.org;validationmethods=dns-01"'], true],
    ["that names an account", ['0 issue "letsencrypt.org; accounturi=https://acme-v02.api.letsencrypt.org/acme/acct/1"'], true],
    ["with a parameter that nobody knows", ['0 issue "letsencrypt.org; policy=ev"'], false],
  ];
  for (const [what, contents, forbids] of cases) it(`${what} ${forbids ? "forbids" : "allows"} the certificate`, () => assert.equal(forbidding(set(...contents), LETS_ENCRYPT).length > 0, forbids));

  it("that forbids it is told by the records that do", () => {
    assert.deepEqual(forbidding(set('0 iodef "mailto:olga@example.com"', '0 issue "digicert.com"'), LETS_ENCRYPT).map(({ value }) => value), ["digicert.com"]);
  });

  it("is that of the closest name that has one", () => {
    const records = [parseCaa("spoq.dev.", '0 issue "digicert.com"')!, parseCaa("Alice.spoq.dev", '0 issue "letsencrypt.org"')!, parseCaa("other.dev", '0 issue ";"')!];
    assert.deepEqual(climb("a.spoq.dev"), ["a.spoq.dev", "spoq.dev", "dev"]);
    assert.deepEqual(relevantSet("alice.spoq.dev", records).map(({ value }) => value), ["letsencrypt.org"]);
    assert.deepEqual(relevantSet("bob.spoq.dev", records).map(({ value }) => value), ["digicert.com"]);
    assert.deepEqual(relevantSet("spoq.example.com", records), []);
  });

  it("that cannot be read is none", () => assert.equal(parseCaa("spoq.dev", "issue letsencrypt.org"), undefined));
});

describe("the authorities of the VPSs", () => {
  it("are Let's Encrypt; with an account ZeroSSL as well; else the one that is set, if it is known", () => {
    assert.deepEqual(issuersOf({}), ["letsencrypt.org"]);
    assert.ok(issuersOf({ acmeEmail: "olga@example.com" })!.includes("sectigo.com"));
    assert.equal(issuersOf({ acmeCa: "https://acme.zerossl.com/v2/DV90" })![0], "sectigo.com");
    assert.deepEqual(issuersOf({ acmeCa: "https://dv.acme-v02.api.pki.goog/directory" }), ["pki.goog"]);
    assert.equal(issuersOf({ acmeCa: "https://ca.example.com/acme" }), undefined);
  });
});
