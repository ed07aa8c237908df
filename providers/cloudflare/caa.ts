/** Whether CAA records let a certificate authority make a certificate for a host name: RFC 8659, and the parameters of RFC 8657. */

export interface CaaRecord {
  /** Whose record it is. */
  readonly name: string;
  readonly flags: number;
  readonly tag: string;
  readonly value: string;
}

export interface AcmeAuthority {
  /** Another ACME directory than Let's Encrypt's. */
  readonly acmeCa?: string | undefined;
  /** With it, Caddy goes to ZeroSSL where Let's Encrypt refuses. */
  readonly acmeEmail?: string | undefined;
}

const CRITICAL = 128;
const KNOWN_TAGS: ReadonlySet<string> = new Set(["issue", "issuewild", "iodef", "issuemail", "contactemail", "contactphone"]);
const LETS_ENCRYPT = ["letsencrypt.org"];
const SECTIGO = ["sectigo.com", "zerossl.com", "trust-provider.com", "usertrust.com"];
/** By the end of the directory's host name: what the authority calls itself in CAA records. */
const IDENTITIES: readonly [host: string, names: readonly string[]][] = [
  ["letsencrypt.org", LETS_ENCRYPT], ["zerossl.com", SECTIGO], ["sectigo.com", SECTIGO], ["pki.goog", ["pki.goog"]], ["ssl.com", ["ssl.com"]], ["buypass.com", ["buypass.com"]], ["digicert.com", ["digicert.com"]],
];
/** By which Caddy shows that a name is its VPS's. */
const METHODS: readonly string[] = ["http-01", "tls-alpn-01"];

/** As CAA records name those that Caddy asks for a certificate, any of which will do; undefined: it is not known how the authority is named. */
export function issuersOf({ acmeCa, acmeEmail }: AcmeAuthority): readonly string[] | undefined {
  if (acmeCa === undefined) return acmeEmail === undefined ? LETS_ENCRYPT : [...LETS_ENCRYPT, ...SECTIGO];
  const { hostname } = new URL(acmeCa);
  return IDENTITIES.find(([host]) => hostname === host || hostname.endsWith(`.${host}`))?.[1];
}

/** Of a record's text, as zone files and Cloudflare have it: `0 issue "letsencrypt.org"`. */
export function parseCaa(name: string, content: string): CaaRecord | undefined {
  const [, flags, tag, quoted, bare] = /^\s*(\d{1,3})\s+([A-Za-z0-9]+)\s+(?:"((?:[^"\\]|\\.)*)"|(\S*))\s*$/.exec(content) ?? [];
  return tag === undefined ? undefined : { name: name.toLowerCase().replace(/\.$/, ""), flags: Number(flags), tag: tag.toLowerCase(), value: quoted?.replaceAll(/\\(.)/g, "$1") ?? bare ?? "" };
}

/** The name itself, then its parents, the top-level domain last. */
export function climb(hostname: string): string[] {
  const labels = hostname.toLowerCase().split(".");
  return labels.map((_label, from) => labels.slice(from).join("."));
}

/** The set of the closest name that has one: it alone counts. */
export function relevantSet(hostname: string, records: readonly CaaRecord[]): readonly CaaRecord[] {
  for (const name of climb(hostname)) {
    const own = records.filter((record) => record.name === name);
    if (own.length > 0) return own;
  }
  return [];
}

/** The records of a set that forbid a certificate for a name that is no wildcard by each of the issuers; empty: it may be made. */
export function forbidding(set: readonly CaaRecord[], issuers: readonly string[]): readonly CaaRecord[] {
  const unknown = set.filter(({ flags, tag }) => (flags & CRITICAL) !== 0 && !KNOWN_TAGS.has(tag));
  if (unknown.length > 0) return unknown;
  const issue = set.filter(({ tag }) => tag === "issue");
  return issue.some(({ value }) => permits(value, issuers)) ? [] : issue;
}

/** `letsencrypt.org; validationmethods=http-01`: each VPS has an account of its own, so one that is named is another. */
function permits(value: string, issuers: readonly string[]): boolean {
  const [issuer = "", ...parameters] = value.split(";").map((part) => part.trim());
  if (!issuers.includes(issuer.toLowerCase())) return false;
  return parameters.filter((one) => one !== "").every((one) => {
    const [name = "", given = ""] = one.split(/\s*=\s*/, 2);
    if (name.toLowerCase() === "accounturi") return false;
    return name.toLowerCase() !== "validationmethods" || given.toLowerCase().split(",").some((method) => METHODS.includes(method.trim()));
  });
}

export function caaText({ name, flags, tag, value }: CaaRecord): string {
  return `${name} CAA ${flags} ${tag} "${value}"`;
}
