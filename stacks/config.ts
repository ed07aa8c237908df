import { z } from "zod";
import { UserVpsError } from "../providers/core/errors.ts";
import { releaseFaults, SHA256_PATTERN, VERSION_PATTERN } from "./release.ts";
import { parseUsername } from "./username.ts";

/** Where a setting is read from: `pulumi config set KEY`, else the environment variable, else the default. */
interface Source {
  readonly config: (key: string) => string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const wholeNumber = z.coerce.number().int().positive();
const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const downloadUrl = z.url({ protocol: /^https?$/ });
const sha256 = z.string().regex(SHA256_PATTERN, "expected a SHA-256: 64 hex digits in lower case");
const opensshKey = z.string().regex(/^(ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/=]+/, "expected a public key in OpenSSH format");
const hostname = z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/, "expected a lower-case domain name");

interface Setting<T> {
  readonly schema: z.ZodType<T>;
  readonly env?: string;
  readonly byDefault?: T;
  readonly example: string;
}

function setting<T>(description: Setting<T>): Setting<T> {
  return description;
}

const SETTINGS = {
  plan: setting({ schema: z.string().min(1), env: "DEFAULT_VPS_PLAN", byDefault: "hostingercom-vps-kvm1-usd-1m", example: "hostingercom-vps-kvm1-usd-1m" }),
  templateId: setting({ schema: wholeNumber, env: "DEFAULT_VPS_TEMPLATE", byDefault: 1007, example: "1007" }),
  dataCenterId: setting({ schema: wholeNumber, env: "DEFAULT_VPS_DATACENTER", byDefault: 9, example: "9" }),
  domain: setting({ schema: hostname, env: "VPS_DOMAIN", byDefault: "spoq.dev", example: "spoq.dev" }),
  zoneId: setting({ schema: z.string().min(1), env: "CLOUDFLARE_ZONE_ID", example: "0123456789abcdef0123456789abcdef" }),
  conductorUrl: setting({ schema: downloadUrl, env: "CONDUCTOR_URL", example: "https://downloads.example.com/conductor" }),
  cliUrl: setting({ schema: downloadUrl, env: "CLI_URL", example: "https://downloads.example.com/spoq" }),
  enableBackups: setting({ schema: flag, byDefault: true, example: "true" }),
  autoRenew: setting({ schema: flag, byDefault: true, example: "true" }),
  protect: setting({ schema: flag, byDefault: true, example: "true" }),
  wipeOnDelete: setting({ schema: flag, byDefault: false, example: "false" }),
  importWiped: setting({ schema: flag, byDefault: false, example: "false" }),
  allowPurchase: setting({ schema: flag, byDefault: true, example: "true" }),
  dnsTtlSeconds: setting({ schema: z.coerce.number().int().min(60).max(86_400), byDefault: 60, example: "60" }),
  firewall: setting({ schema: flag, byDefault: false, example: "false" }),
  ptr: setting({ schema: flag, byDefault: false, example: "false" }),
  sshPort: setting({ schema: z.coerce.number().int().min(1).max(65_535), env: "USER_VPS_SSH_PORT", byDefault: 22, example: "22" }),
  healthTimeoutSeconds: setting({ schema: wholeNumber, env: "HEALTH_TIMEOUT_SECONDS", byDefault: 900, example: "900" }),
} as const;

const OPTIONAL_SETTINGS = {
  ownerId: { schema: z.string().min(1), example: "user_42" },
  sshPublicKey: { schema: opensshKey, env: "SSH_PUBLIC_KEY", example: "ssh-ed25519 AAAA… name" },
  paymentMethodId: { schema: wholeNumber, env: "HOSTINGER_PAYMENT_METHOD_ID", example: "1234567" },
  credentialRotation: { schema: z.string().min(1), example: "2" },
  hostname: { schema: hostname, example: "alicia.spoq.dev" },
  bootHostname: { schema: hostname, example: "alice.spoq.dev" },
  recreation: { schema: z.string().min(1), example: "1" },
  importVmId: { schema: wholeNumber, example: "17923" },
  allowRecreateOf: { schema: wholeNumber, example: "17923" },
  allowReplaceOf: { schema: wholeNumber, example: "17923" },
  releaseVersion: { schema: z.string().regex(VERSION_PATTERN, "expected 1 to 64 letters, digits, '.', '_', '+' or '-'"), example: "1.4.2" },
  releaseConductorUrl: { schema: downloadUrl, example: "https://downloads.example.com/conductor-1.4.2" },
  releaseConductorSha256: { schema: sha256, example: "e3b0c44298fc1c14…" },
  releaseCliUrl: { schema: downloadUrl, example: "https://downloads.example.com/spoq-1.4.2" },
  releaseCliSha256: { schema: sha256, example: "e3b0c44298fc1c14…" },
  sshPrivateKey: { schema: z.string().regex(/^-----BEGIN [A-Z ]*PRIVATE KEY-----/, "expected a private key in PEM or OpenSSH format"), env: "SSH_PRIVATE_KEY", example: "-----BEGIN OPENSSH PRIVATE KEY-----…" },
  sshHostKey: { schema: opensshKey, example: "ecdsa-sha2-nistp256 AAAA…" },
} as const satisfies Record<string, Setting<string | number>>;

type ValueOf<S> = S extends { readonly schema: z.ZodType<infer T> } ? T : never;

/** The typed configuration of one user's stack; README, 'The stack's settings', says what each does. */
export type StackConfig = Readonly<
  { username: string } & { [K in keyof typeof SETTINGS]: ValueOf<(typeof SETTINGS)[K]> } & { [K in keyof typeof OPTIONAL_SETTINGS]: ValueOf<(typeof OPTIONAL_SETTINGS)[K]> | undefined }
>;

export const STACK_SETTING_NAMES: readonly string[] = ["username", ...Object.keys(SETTINGS), ...Object.keys(OPTIONAL_SETTINGS)];

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
  problems.push(...releaseFaults(values), ...hostnameFaults(values));
  if (username === undefined) problems.unshift("username is missing, for example: pulumi config set username alice");
  if (problems.length > 0) throw new UserVpsError("CONFIG_INVALID", `${problems.length === 1 ? "1 setting" : `${problems.length} settings`} of the stack cannot be used:\n  - ${problems.join("\n  - ")}\n`);
  return Object.freeze({ ...values, username: parseUsername(username!) }) as StackConfig;
}

/** The record is made in the domain's zone. */
function hostnameFaults({ hostname: name, domain }: { hostname?: string; domain?: string }): string[] {
  return name === undefined || domain === undefined || name.endsWith(`.${domain}`) ? [] : [`hostname: expected a name under ${domain}, got ${name}; set domain and zoneId as well`];
}
