import { randomBytes, webcrypto } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { SecureContext } from "node:tls";
// tsyringe, beneath @peculiar/x509, wants it to be there before it is loaded.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const ECDSA_P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 24 * 60 * 60 * 1_000;

/** What has to be kept to be the same authority after a restart; both are PEM texts. */
export interface AuthorityFiles {
  certificatePem: string;
  privateKeyPem: string;
}

/** The sandbox's own certificate authority: what Let's Encrypt is to the real servers. */
export class CertificateAuthority {
  readonly files: AuthorityFiles;
  readonly #certificate: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;
  readonly #contexts = new Map<string, Promise<SecureContext>>();

  private constructor(files: AuthorityFiles, certificate: x509.X509Certificate, key: webcrypto.CryptoKey) {
    this.files = files;
    this.#certificate = certificate;
    this.#key = key;
  }

  static async create(): Promise<CertificateAuthority> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: "CN=user-vps sandbox CA (nothing is real), O=user-vps sandbox",
      keys,
      signingAlgorithm: ECDSA_P256,
      serialNumber: serialNumber(),
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + 3_650 * DAY_MS),
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    const files = { certificatePem: certificate.toString("pem"), privateKeyPem: await privateKeyPem(keys.privateKey) };
    return new CertificateAuthority(files, certificate, keys.privateKey);
  }

  static async load(files: AuthorityFiles): Promise<CertificateAuthority> {
    const der = x509.PemConverter.decodeFirst(files.privateKeyPem);
    const key = await webcrypto.subtle.importKey("pkcs8", der, ECDSA_P256, true, ["sign"]);
    return new CertificateAuthority(files, new x509.X509Certificate(files.certificatePem), key);
  }

  /** A server certificate for one host name, made at the first call and kept. */
  contextFor(hostname: string): Promise<SecureContext> {
    const known = this.#contexts.get(hostname);
    if (known !== undefined) return known;
    const made = this.issue(hostname).then(({ certificatePem, privateKeyPem: key }) =>
      createSecureContext({ cert: certificatePem, key }),
    );
    this.#contexts.set(hostname, made);
    return made;
  }

  async issue(hostname: string): Promise<AuthorityFiles> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: [{ CN: [hostname] }],
      issuer: this.#certificate.subjectName,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: ECDSA_P256,
      serialNumber: serialNumber(),
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + 90 * DAY_MS),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: "dns", value: hostname }]),
        await x509.AuthorityKeyIdentifierExtension.create(this.#certificate),
      ],
    });
    return { certificatePem: certificate.toString("pem"), privateKeyPem: await privateKeyPem(keys.privateKey) };
  }
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ECDSA_P256, true, ["sign", "verify"]);
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

/** 16 bytes in hexadecimal; the first byte keeps the number positive and free of leading zeros. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}
