/** How the text of a variable becomes a value; each error says what was expected, and never repeats the text (it may be a secret). */
import { BlockList, isIP } from "node:net";
import { z } from "zod";
import { OPERATOR_ROLES, type OperatorRole } from "./operator-roles.ts";
import { whyNoScript } from "../../providers/hostinger/api/specification.ts";
import { isDnsServer } from "../../providers/core/dns-server.ts";
import { isHostname } from "../../providers/core/hostname.ts";
import { LONGEST_SSH_PUBLIC_KEY, SSH_PUBLIC_KEY_PATTERN } from "../../providers/core/ssh-public-key.ts";
import { isToken } from "../../providers/core/token.ts";
import { isCron } from "./cron.ts";
import { parsePostgresAddress, POSTGRES_ADDRESS } from "./postgres-address.ts";
import { isScheduleRule, SCHEDULE_RULE } from "./pool-schedule.ts";
import { ACME_CA_PATTERN, ACME_EMAIL_PATTERN, ACME_KEY_PATTERN } from "../../stacks/acme.ts";
import { planItem } from "../../stacks/plan-item.ts";

export const text = z.string().min(1);

/** White space at its ends, as files and mounted secrets have it, is taken off. */
export const token = z.string().trim().refine(isToken, "expected a token: printable characters without a blank or a line break within");

export function wholeNumber(smallest: number, largest = Number.MAX_SAFE_INTEGER) {
  const expected = largest === Number.MAX_SAFE_INTEGER ? `expected a whole number from ${smallest}` : `expected a whole number from ${smallest} to ${largest}`;
  return z.string().regex(/^\d{1,15}$/, expected).transform(Number).refine((value) => value >= smallest && value <= largest, expected);
}

export const flag = z.enum(["true", "false"], "expected true or false").transform((value) => value === "true");

export const httpUrl = z.url({ protocol: /^https?$/, error: "expected an http or https URL" });

/** As programs compare it: in lower case, without the port that its scheme has anyway, and without a slash at its end. undefined: it holds more than a site. */
function originOf(given: string): string | undefined {
  const url = URL.parse(given.trim());
  return url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/` ? url.origin : undefined;
}

/** `https://app.example.com`: a site without a path. */
export const origin = z.string().refine((given) => originOf(given) !== undefined, "expected an http or https address without a path").transform((given) => originOf(given)!);

/** Over plain HTTP only on this machine. */
export const oidcIssuer = httpUrl.refine((url) => url.startsWith("https:") || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname), "expected an https URL");

/** `viewer=staff,owner=platform` -> a list. */
export const roleGroups = z.string().transform((list, context): { role: OperatorRole; group: string }[] => list.split(",").map((part) => {
  const [, name = "", group = ""] = /^\s*([a-z]+)=(.+?)\s*$/.exec(part) ?? [];
  const role = OPERATOR_ROLES.find((one) => one === name);
  if (role) return { role, group };
  context.addIssue({ code: "custom", message: `expected role=group with commas between, each role one of ${OPERATOR_ROLES.join(", ")}` });
  return z.NEVER;
}));

/** As Pulumi takes it; the rest of the address is the key service's own. */
export const secretsProvider = z.string().regex(/^(?:(?:awskms|azurekeyvault|gcpkms|hashivault):\/\/\S+|passphrase)$/, "expected a key service's address that begins with awskms://, azurekeyvault://, gcpkms:// or hashivault://");

/** White space at its ends, as files have it, would become part of the database's name. */
export const postgresUrl = z.string().trim().refine((address) => parsePostgresAddress(address) !== undefined, `expected ${POSTGRES_ADDRESS}`);

export const hostname = z.string().refine(isHostname, "expected a lower-case domain name");

export const sshPublicKey = z.string().max(LONGEST_SSH_PUBLIC_KEY).regex(SSH_PUBLIC_KEY_PATTERN, "expected one public key in OpenSSH format");

export const sshPrivateKey = z.string().regex(/^-----BEGIN [A-Z ]*PRIVATE KEY-----/, "expected a private key in PEM or OpenSSH format");

/** HS256 wants a key as long as its hash (RFC 7518, 3.2). */
export const hs256Secret = z.string().refine((secret) => Buffer.byteLength(secret) >= 32, "expected at least 32 bytes");

export const acmeEmail = z.string().regex(ACME_EMAIL_PATTERN, "expected an e-mail address");
export const acmeDirectory = z.string().regex(ACME_CA_PATTERN, "expected the https address of an ACME directory");
export const acmeKey = z.string().regex(ACME_KEY_PATTERN, "expected letters, digits and ._~+/=-");

/** Who is believed of whom a request comes from: a number of hops, or addresses and networks. 'true' would believe anybody, so it is none. */
export const trustedProxies = z.string()
  .refine((list) => /^\d{1,2}$/.test(list) || list.split(",").every((part) => isAddressOrNetwork(part.trim())), "expected a number of proxies, or their addresses and networks with commas between")
  .transform((list) => (/^\d{1,2}$/.test(list) ? Number(list) : list.split(",").map((part) => part.trim())));

/** A header's name, in whatever case. */
export const proxyHeader = z.string().toLowerCase().pipe(z.enum(["x-forwarded-for", "forwarded"], "expected x-forwarded-for or forwarded"));

/** `10.0.0.0/8, 192.0.2.1` -> a list. */
export const networks = z.string()
  .refine((list) => list.split(",").every((part) => isAddressOrNetwork(part.trim())), "expected addresses and networks with commas between")
  .transform((list) => list.split(",").map((part) => part.trim()));

function isAddressOrNetwork(part: string): boolean {
  const [address = "", prefix, ...rest] = part.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || (prefix !== undefined && !/^\d+$/.test(prefix))) return false;
  try {
    new BlockList().addSubnet(address, Number(prefix ?? 0), family === 4 ? "ipv4" : "ipv6");
    return true;
  } catch {
    return false;
  }
}

/** Plans as `planItem` takes one, with commas between. */
export const planItems = z.string().transform((list) => list.split(",").map((name) => name.trim()).filter((name) => name !== ""))
  .refine((names) => names.length > 0, "expected at least one plan")
  .pipe(z.array(planItem));

export const USER_ACTIONS = ["restart", "rotate-credentials", "ssh-key", "snapshot", "restore"] as const;
export type UserAction = (typeof USER_ACTIONS)[number];

/** `restart,snapshot` -> a list; `none` is an empty one. */
export const userActions = z.string()
  .transform((list) => (list.trim() === "none" ? [] : list.split(",").map((name) => name.trim()).filter((name) => name !== "")))
  .refine((list): list is UserAction[] => list.every((name) => USER_ACTIONS.some((known) => known === name)), `expected some of ${USER_ACTIONS.join(", ")} with commas between, or 'none'`);

/** Readability is looked at where the page's other colours are: src/web/user-theme.ts. */
export const color = z.string().regex(/^#[0-9a-fA-F]{6}$/, "expected a colour as #rrggbb");

/** `https://a.example.com, https://b.example.com` -> a list, as in frame-ancestors of a content security policy. */
export const origins = z.string().transform((list) => list.split(",").filter((one) => one.trim() !== ""))
  .refine((list) => list.length > 0 && list.every((one) => originOf(one) !== undefined), "expected origins such as https://app.example.com with commas between")
  .transform((list) => list.map((one) => originOf(one)!));

/** Five fields as in crontab, blanks between; `off` is none. */
export const cron = z.string()
  .transform((line) => line.trim().split(/\s+/))
  .refine((fields) => fields.join() === "off" || isCron(fields), "expected five fields as in crontab, or 'off'")
  .transform((fields) => (fields.join() === "off" ? undefined : fields.join(" ")));

export const dnsServer = z.string().refine(isDnsServer, "expected the address of a DNS server, with or without its port");

/** As Hostinger numbers data centers and templates, and as the records hold them. */
export const LARGEST_ID = 2_147_483_647;

const hasScript = (id: number | undefined) => id === undefined || whyNoScript(id) === undefined;
const WITHOUT_SCRIPT = { error: ({ input }: { readonly input?: unknown }) => whyNoScript(Number(input)) };

/** One that the post-install script is not made for would be bought, and never be healthy. One that is newer than the specification is known to Hostinger alone. */
export const templateId = wholeNumber(1, LARGEST_ID).refine(hasScript, WITHOUT_SCRIPT);

/** `a.example.com, b.example.com` -> a list. */
export const names = z.string().transform((list) => list.split(",").map((name) => name.trim().toLowerCase()).filter((name) => name !== ""));

const KEY_BYTES = 32;

export interface CipherKey {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

/** `id:base64key,…` -> keys, the current one first. */
export const cipherKeys = z.string().transform((list, context): [CipherKey, ...CipherKey[]] => {
  const keys = list.split(",").map((part): CipherKey => {
    const [, id = "", encoded = ""] = /^([A-Za-z0-9_.-]{1,64}):([A-Za-z0-9+/]+={0,2})$/.exec(part.trim()) ?? [];
    return { id, key: Buffer.from(encoded, "base64") };
  });
  const [first, ...others] = keys;
  if (!first || keys.some(({ id, key }) => id === "" || key.length !== KEY_BYTES)) {
    context.addIssue({ code: "custom", message: "expected keys as id:key with commas between, each key 32 bytes in base64" });
    return z.NEVER;
  }
  if (new Set(keys.map(({ id }) => id)).size < keys.length) {
    context.addIssue({ code: "custom", message: "expected a different id for each key" });
    return z.NEVER;
  }
  return [first, ...others];
});

const scheduleRule = z.string().refine(isScheduleRule, `expected ${SCHEDULE_RULE}`);

/** A pool as it is wished for. */
export const poolWish = z.strictObject({
  plan: planItem,
  dataCenterId: z.int().min(1).optional(),
  templateId: z.int().min(1).refine(hasScript, WITHOUT_SCRIPT).optional(),
  /** How many are kept ready where no rule of the schedule says otherwise. */
  ready: z.int().min(0).max(1_000),
  schedule: z.array(scheduleRule).max(50).default([]),
  /** Bought a day, UTC. */
  mostPerDay: z.int().min(0).max(10_000).optional(),
});

export type PoolWish = z.output<typeof poolWish>;

const kindOf = ({ plan, dataCenterId, templateId }: PoolWish) => [plan, dataCenterId, templateId].join();
const poolWishes = z.array(poolWish).max(100).refine((list) => new Set(list.map(kindOf)).size === list.length, "expected each pool (plan, dataCenterId, templateId) once");

/** A list in JSON. */
export const pools = z.string().transform((text, context): PoolWish[] => {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "expected a list in JSON" });
    return z.NEVER;
  }
  const parsed = poolWishes.safeParse(given);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  context.addIssue({ code: "custom", message: `${path.length > 0 ? `${path.join(".")}: ` : ""}${message}` });
  return z.NEVER;
});
