import { z } from "zod";
import { UserVpsError } from "../providers/core/errors.ts";
import { isHostname } from "../providers/core/hostname.ts";
import { meantBy } from "../providers/core/misspelt.ts";
import { LONGEST_SSH_PUBLIC_KEY, SSH_PUBLIC_KEY_PATTERN } from "../providers/core/ssh-public-key.ts";
import { isToken } from "../providers/core/token.ts";
import { ACME_CA_PATTERN, ACME_EMAIL_PATTERN, ACME_KEY_PATTERN, acmeFaults } from "./acme.ts";
import { downloadUrl } from "./download-url.ts";
import { planItem } from "./plan-item.ts";
import { releaseFaults, SHA256_PATTERN, VERSION_PATTERN } from "./release.ts";
import { parseUsername } from "./username.ts";
import { USUAL } from "./usual-values.ts";

/** Where a setting is read from: `pulumi config set KEY`, else the environment variable, else the default. */
interface Source {
  readonly config: (key: string) => string | undefined;
  /** All that are set, whether they are settings or not. */
  readonly names?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

const wholeNumber = z.coerce.number().int().positive();
const flag = z.enum(["true", "false"]).transform((text) => text === "true");
/** The rest is judged with what else makes up a release: `releaseFaults`. */
const releasedUrl = z.string().min(1);
const sha256 = z.string().regex(SHA256_PATTERN, "expected a SHA-256: 64 hex digits in lower case");
const opensshKey = z.string().max(LONGEST_SSH_PUBLIC_KEY).refine((text) => SSH_PUBLIC_KEY_PATTERN.test(text.trimEnd()), "expected a public key in OpenSSH format");
const hostname = z.string().refine(isHostname, "expected a lower-case domain name");

interface Setting<T> {
  readonly schema: z.ZodType<T>;
  readonly env?: string;
  readonly byDefault?: T;
  /** Where nothing is set: what is done then. */
  readonly without?: string;
  readonly example: string;
  /** What it does, in one line: the documents are made from it. */
  readonly description: string;
  readonly secret?: true;
  /** Described in docs/releases.md as well. */
  readonly topic?: "releases";
}

function setting<T>(description: Setting<T>): Setting<T> {
  return description;
}

const SETTINGS = {
  plan: setting({ schema: planItem, env: "DEFAULT_VPS_PLAN", byDefault: USUAL.plan, example: "hostingercom-vps-kvm1-usd-1m", description: "a change would buy another VM: refused unless `allowReplaceOf` names the VM" }),
  templateId: setting({ schema: wholeNumber, env: "DEFAULT_VPS_TEMPLATE", byDefault: USUAL.templateId, example: "1007", description: "a change would wipe the VM: refused unless `allowRecreateOf` names the VM" }),
  dataCenterId: setting({ schema: wholeNumber, env: "DEFAULT_VPS_DATACENTER", byDefault: USUAL.dataCenterId, example: "9", description: "a change would buy another VM: refused unless `allowReplaceOf` names the VM" }),
  domain: setting({ schema: hostname, env: "VPS_DOMAIN", byDefault: USUAL.domain, example: "spoq.dev", description: "the VPS is `{username}` under this domain" }),
  zoneId: setting({ schema: z.string().min(1), env: "CLOUDFLARE_ZONE_ID", example: "0123456789abcdef0123456789abcdef", description: "the domain's zone at Cloudflare, where the A record is made" }),
  conductorUrl: setting({ schema: downloadUrl, env: "CONDUCTOR_URL", example: "https://downloads.example.com/conductor", description: "the Conductor that the script installs at first boot; a change would wipe the VM: refused unless `allowRecreateOf` names the VM" }),
  cliUrl: setting({ schema: downloadUrl, env: "CLI_URL", example: "https://downloads.example.com/spoq", description: "the Spoq CLI that the script installs at first boot; a change likewise" }),
  enableBackups: setting({ schema: flag, byDefault: true, example: "true", description: "weekly backups, at first setup only" }),
  autoRenew: setting({ schema: flag, byDefault: true, example: "true", description: "whether the subscription renews itself; changed in place" }),
  protect: setting({ schema: flag, byDefault: true, example: "true", description: "credentials and VM cannot be destroyed" }),
  wipeOnDelete: setting({ schema: flag, byDefault: false, example: "false", description: "wipe the VM when it is destroyed" }),
  importWiped: setting({ schema: flag, byDefault: false, example: "false", description: "the VM of `importVmId` was given up and wiped: it is installed anew, with the script, when it is taken over" }),
  pooled: setting({ schema: flag, byDefault: false, example: "false", description: "the VPS waits in a pool for a user: no DNS record, a certificate of its own making, healthy by its address" }),
  fromPool: setting({ schema: flag, byDefault: false, example: "false", description: "the VM of `importVmId` comes from a pool: machine id, SSH host keys, logs and shell history of that time are renewed or removed when it is taken over" }),
  allowPurchase: setting({ schema: flag, byDefault: true, example: "true", description: "`false`: go on with a purchase that was made, or fail" }),
  dnsTtlSeconds: setting({ schema: z.coerce.number().int().min(60).max(86_400), byDefault: 60, example: "60", description: "TTL of the A record" }),
  firewall: setting({ schema: flag, byDefault: false, example: "false", description: "Hostinger's own firewall in front of the VPS: the SSH port, 80 and 443 from anywhere, all else dropped", topic: "releases" }),
  ptr: setting({ schema: flag, byDefault: false, example: "false", description: "the reverse DNS entry of the VPS's IPv4 address leads to its host name", topic: "releases" }),
  sshPort: setting({ schema: z.coerce.number().int().min(1).max(65_535), env: "USER_VPS_SSH_PORT", byDefault: USUAL.sshPort, example: "22", description: "the VPS's SSH port, which both firewalls open; what listens there is the template's", topic: "releases" }),
  healthTimeoutSeconds: setting({ schema: wholeNumber, env: "HEALTH_TIMEOUT_SECONDS", byDefault: USUAL.healthTimeoutSeconds, example: "900", description: "how long `up` waits for the VPS to be healthy" }),
} as const;

const OPTIONAL_SETTINGS = {
  ownerId: { schema: z.string().min(1), example: "user_42", without: "the user name", description: "Conductor's `owner_id`" },
  sshPublicKey: { schema: opensshKey, env: "SSH_PUBLIC_KEY", example: "ssh-ed25519 AAAA… name", description: "OpenSSH format; one of root's keys, and a new one takes its place" },
  paymentMethodId: { schema: wholeNumber, env: "HOSTINGER_PAYMENT_METHOD_ID", example: "1234567", without: "the account's", description: "pays for the purchase" },
  acmeEmail: { schema: z.string().regex(ACME_EMAIL_PATTERN, "expected an e-mail address"), env: "ACME_EMAIL", example: "certificates@example.com", description: "account of the VPS's certificates; with it Caddy goes to a second authority (ZeroSSL) where Let's Encrypt refuses. Reaches a VPS that is there with its next rotation or rename" },
  acmeCa: { schema: z.string().regex(ACME_CA_PATTERN, "expected the https address of an ACME directory"), env: "ACME_CA", example: "https://acme.zerossl.com/v2/DV90", without: "Let's Encrypt", description: "another certificate authority, the only one then" },
  acmeEabKeyId: { schema: z.string().regex(ACME_KEY_PATTERN, "expected letters, digits and ._~+/=-"), env: "ACME_EAB_KEY_ID", example: "fake-key-id", description: "an account at `acmeCa` (external account binding)" },
  acmeEabMacKey: { schema: z.string().regex(ACME_KEY_PATTERN, "expected letters, digits and ._~+/=-"), env: "ACME_EAB_MAC_KEY", example: "fake-mac-key", description: "its key. `pulumi config set --secret`", secret: true },
  credentialRotation: { schema: z.string().min(1), example: "2", description: "any text; a change makes a new password and JWT secret" },
  hostname: { schema: hostname, example: "alicia.spoq.dev", without: "`{username}.{domain}`", description: "another host name under `domain`; changed in place, if `bootHostname` is set to the one before" },
  bootHostname: { schema: hostname, example: "alice.spoq.dev", without: "`hostname`", description: "the host name that the script was made with at first boot: set when `hostname` changes, so that nothing is wiped for it" },
  recreation: { schema: z.string().min(1), example: "1", description: "any text; a change wipes the VM and installs it anew: refused unless `allowRecreateOf` names the VM" },
  importVmId: { schema: wholeNumber, example: "17923", description: "takes over this VM instead of buying one" },
  allowRecreateOf: { schema: wholeNumber, example: "17923", description: "id of the VM that may be wiped; good for that VM alone" },
  allowReplaceOf: { schema: wholeNumber, example: "17923", description: "id of the VM that may be given up for a newly bought one; good for that VM alone" },
  releaseVersion: { schema: z.string().regex(VERSION_PATTERN, "expected 1 to 64 letters, digits, '.', '_', '+' or '-'"), example: "1.4.2", description: "what the release is called; with it, at least one of the two programs", topic: "releases" },
  releaseConductorUrl: { schema: releasedUrl, example: "https://downloads.example.com/conductor-1.4.2", description: "the Conductor that is to run", topic: "releases" },
  releaseConductorSha256: { schema: sha256, example: "e3b0c44298fc1c14…", description: "its checksum: nothing is installed unverified", topic: "releases" },
  releaseCliUrl: { schema: releasedUrl, example: "https://downloads.example.com/spoq-1.4.2", description: "the Spoq CLI that is to be there", topic: "releases" },
  releaseCliSha256: { schema: sha256, example: "e3b0c44298fc1c14…", description: "its checksum likewise", topic: "releases" },
  sshPrivateKey: { schema: z.string().regex(/^-----BEGIN [A-Z ]*PRIVATE KEY-----/, "expected a private key in PEM or OpenSSH format"), env: "SSH_PRIVATE_KEY", example: "-----BEGIN OPENSSH PRIVATE KEY-----…", description: "logs in to the VPS as root; without it, the stack's own password does. `pulumi config set --secret`", secret: true, topic: "releases" },
  sshHostKey: { schema: opensshKey, example: "ecdsa-sha2-nistp256 AAAA…", without: "pinned", description: "the key that the VPS has to show, as in `ssh-keyscan` without the name", topic: "releases" },
} as const satisfies Record<string, Setting<string | number>>;

type ValueOf<S> = S extends { readonly schema: z.ZodType<infer T> } ? T : never;

/** The typed configuration of one user's stack. */
export type StackConfig = Readonly<
  { username: string } & { [K in keyof typeof SETTINGS]: ValueOf<(typeof SETTINGS)[K]> } & { [K in keyof typeof OPTIONAL_SETTINGS]: ValueOf<(typeof OPTIONAL_SETTINGS)[K]> | undefined }
>;

const USERNAME = { example: "alice", description: "first label of the host name; a DNS label in lower case, not a reserved one" } as const;

/** A setting as the documents tell it. */
export interface DescribedSetting extends Omit<Setting<unknown>, "schema"> {
  readonly name: string;
  readonly required: boolean;
}

/** All settings, in the order in which they are explained. */
export const STACK_SETTINGS: readonly DescribedSetting[] = [
  { name: "username", required: true, ...USERNAME },
  ...described(SETTINGS).map((setting) => ({ ...setting, required: setting.byDefault === undefined })),
  ...described(OPTIONAL_SETTINGS).map((setting) => ({ ...setting, required: false })),
];

function described(settings: Readonly<Record<string, Setting<unknown>>>): Omit<DescribedSetting, "required">[] {
  return Object.entries(settings).map(([name, { schema: _, ...rest }]) => ({ name, ...rest }));
}

/**
 * Reads a stack's configuration. Errors: CONFIG_INVALID, which names every missing or malformed
 * setting at once, each with an example; USERNAME_INVALID.
 */
export function readStackConfig(source: Source): StackConfig {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, description] of Object.entries<Setting<unknown>>({ ...SETTINGS, ...OPTIONAL_SETTINGS })) {
    const fromEnvironment = description.env ? source.env[description.env] || undefined : undefined;
    const text = source.config(key) ?? fromEnvironment;
    const place = description.env ? `${key} (or ${description.env})` : key;
    if (text === undefined) {
      if (description.byDefault === undefined && key in SETTINGS) problems.push(`${place} is missing, for example: pulumi config set ${key} ${description.example}`);
      values[key] = description.byDefault;
      continue;
    }
    const parsed = description.schema.safeParse(text);
    if (parsed.success) values[key] = parsed.data;
    else problems.push(`${place}: ${parsed.error.issues[0]?.message ?? "malformed"}, for example ${description.example}`);
  }
  const username = source.config("username");
  problems.push(...releaseFaults(values), ...acmeFaults(values), ...hostnameFaults(values), ...tokenFaults(source.env), ...misspeltNames(source.names ?? []));
  if (username === undefined) problems.unshift(`username is missing, for example: pulumi config set username ${USERNAME.example}`);
  if (problems.length > 0) throw new UserVpsError("CONFIG_INVALID", `${problems.length === 1 ? "1 setting" : `${problems.length} settings`} of the stack cannot be used:\n  - ${problems.join("\n  - ")}\n`);
  return Object.freeze({ ...values, username: parseUsername(username!) }) as StackConfig;
}

/** What nobody reads would be passed over, and with it what `importVmId` or `allowPurchase` was to prevent: a purchase. Names that are like none may be somebody else's. */
function misspeltNames(names: readonly string[]): string[] {
  const known = STACK_SETTINGS.map(({ name }) => name);
  return names.flatMap((name) => {
    const meant = meantBy(name, known);
    return meant === undefined ? [] : [`${name} is no setting; is ${meant} meant? pulumi config rm ${name}`];
  });
}

/** Cloudflare's plugin takes its token from the environment as it is, and tries for minutes with one that no header can hold. */
function tokenFaults({ CLOUDFLARE_API_TOKEN: token }: Source["env"]): string[] {
  return !token || isToken(token) ? [] : ["CLOUDFLARE_API_TOKEN has a blank or a line break, as from a file: set it without"];
}

/** The record is made in the domain's zone. */
function hostnameFaults({ hostname: name, domain }: { hostname?: string; domain?: string }): string[] {
  return name === undefined || domain === undefined || name.endsWith(`.${domain}`) ? [] : [`hostname: expected a name under ${domain}, got ${name}; set domain and zoneId as well`];
}
