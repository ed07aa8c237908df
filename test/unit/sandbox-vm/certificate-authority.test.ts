import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "vitest";
import { CertificateAuthority } from "../../../src/sandbox/vm/certificate-authority.ts";

describe("CertificateAuthority", () => {
  it("issues certificates that it has signed, for one host name", async () => {
    const authority = await CertificateAuthority.create();
    const root = new X509Certificate(authority.files.certificatePem);
    const leaf = new X509Certificate((await authority.issue("alice.spoq.dev")).certificatePem);
    assert.ok(root.ca);
    assert.ok(!leaf.ca);
    assert.ok(leaf.checkIssued(root));
    assert.ok(leaf.verify(root.publicKey));
    assert.equal(leaf.checkHost("alice.spoq.dev"), "alice.spoq.dev");
    assert.equal(leaf.checkHost("bob.spoq.dev"), undefined);
    assert.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
    assert.ok(Date.parse(leaf.validTo) > Date.now() && Date.parse(leaf.validFrom) < Date.now());
  });

  it("is the same authority when loaded from its files", async () => {
    const authority = await CertificateAuthority.create();
    const loaded = await CertificateAuthority.load(authority.files);
    const leaf = new X509Certificate((await loaded.issue("alice.spoq.dev")).certificatePem);
    assert.ok(leaf.verify(new X509Certificate(authority.files.certificatePem).publicKey));
    const stranger = await CertificateAuthority.create();
    assert.ok(!leaf.verify(new X509Certificate(stranger.files.certificatePem).publicKey));
  });

  it("makes the certificate of a host name once", async () => {
    const authority = await CertificateAuthority.create();
    const [first, second] = await Promise.all([authority.contextFor("a.spoq.dev"), authority.contextFor("a.spoq.dev")]);
    assert.equal(first, second);
  });
});
