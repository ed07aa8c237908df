/** Who is told what, and how: the setting NOTIFICATION_TARGETS, or the file that NOTIFICATION_TARGETS_FILE names. */
import { BlockList, isIP } from "node:net";
import { z } from "zod";
import { isTypePattern, NOTIFICATION_TYPE_NAMES } from "./notification-types.ts";

/** Of Standard Webhooks: the prefix, then 24 to 64 bytes in base64. */
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const SECRET_BYTES = { least: 24, most: 64 } as const;

const name = z.string("expected a name").regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "expected a name of lower-case letters, digits and '-'");
const events = z.array(z.string().refine(isTypePattern, `expected '*', or types such as 'vps.*': ${NOTIFICATION_TYPE_NAMES.join(", ")}`), "expected a list of types").min(1, "expected at least one type").default(["*"]);
const oneOrMore = (schema: z.ZodType<string, string>, most: number) => z.preprocess((value) => (typeof value === "string" ? [value] : value), z.array(schema, "expected a text, or a list").min(1, "expected at least one").max(most, `expected at most ${most}`));

const webAddress = z.string("expected an address").refine(isWebAddress, "expected an https address (http for this machine and private networks alone), without user and fragment");
const secret = z.string().refine(isSecret, `expected whsec_ and ${SECRET_BYTES.least} to ${SECRET_BYTES.most} bytes in base64: echo "whsec_$(openssl rand -base64 32)"`);
const mailAddress = z.string().regex(/^[^\s@<>,;"]+@[^\s@<>,;"]+$/, "expected an e-mail address");
const smtpUrl = z.string("expected an address").refine(isSmtpUrl, "expected smtp://user:password@host:587, or smtps://…:465");

const webhook = z.strictObject({ name, webhook: webAddress, secret: oneOrMore(secret, 3), events });
const slack = z.strictObject({ name, slack: webAddress, events });
const email = z.strictObject({ name, email: oneOrMore(mailAddress, 20), from: mailAddress, smtp: smtpUrl, events });

interface Common {
  readonly name: string;
  /** Types, `vps.*`, or `*`. */
  readonly events: readonly string[];
}
export interface WebhookTarget extends Common {
  readonly format: "webhook";
  readonly url: string;
  /** `whsec_…`, the current one first: a message is signed with each. */
  readonly secrets: readonly string[];
}
export interface SlackTarget extends Common {
  readonly format: "slack";
  readonly url: string;
}
export interface EmailTarget extends Common {
  readonly format: "email";
  readonly to: readonly string[];
  readonly from: string;
  readonly smtp: string;
}
export type NotificationTarget = WebhookTarget | SlackTarget | EmailTarget;

/** JSON -> targets; each error says which target and which field, and repeats no value. */
export const notificationTargets = z.string().transform((text, context): readonly NotificationTarget[] => {
  const problems: string[] = [];
  const targets = list(text, problems).flatMap((entry, place) => {
    const format = typeof entry !== "object" || entry === null ? undefined : "webhook" in entry ? webhook : "slack" in entry ? slack : "email" in entry ? email : undefined;
    const told = `target ${place + 1}`;
    if (!format) {
      problems.push(`${told}: expected an object with 'webhook', 'slack' or 'email'`);
      return [];
    }
    const parsed = format.safeParse(entry);
    if (parsed.success) return [targetOf(parsed.data)];
    problems.push(...parsed.error.issues.map(({ path, message }) => `${told}: ${[...path.map(String), message].join(": ")}`));
    return [];
  });
  const names = targets.map((target) => target.name);
  if (new Set(names).size < names.length) problems.push("expected a different name for each target");
  if (problems.length === 0) return targets;
  context.addIssue({ code: "custom", message: problems.join("; ") });
  return z.NEVER;
});

function list(text: string, problems: string[]): unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value;
  } catch {
    // Told like anything else that is no list; the parser's own words would repeat a part of it.
  }
  problems.push("expected a JSON list of targets");
  return [];
}

function targetOf(entry: z.output<typeof webhook> | z.output<typeof slack> | z.output<typeof email>): NotificationTarget {
  const { name, events } = entry;
  if ("webhook" in entry) return { format: "webhook", name, events, url: entry.webhook, secrets: entry.secret };
  if ("slack" in entry) return { format: "slack", name, events, url: entry.slack };
  return { format: "email", name, events, to: entry.email, from: entry.from, smtp: entry.smtp };
}

function isSecret(text: string): boolean {
  const { length } = Buffer.from(SECRET.exec(text)?.[1] ?? "", "base64");
  return length >= SECRET_BYTES.least && length <= SECRET_BYTES.most;
}

function isSmtpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  try {
    // What stands for itself is encoded: a '%' is %25.
    decodeURIComponent(username + password);
  } catch {
    return false;
  }
  return /^smtps?:$/.test(protocol) && hostname !== "";
}

function isWebAddress(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.username || url.password || url.hash) return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isNear(url.hostname));
}

const PRIVATE = new BlockList();
for (const [network, prefix] of [["127.0.0.0", 8], ["10.0.0.0", 8], ["172.16.0.0", 12], ["192.168.0.0", 16]] as const) PRIVATE.addSubnet(network, prefix, "ipv4");
PRIVATE.addAddress("::1", "ipv6");
PRIVATE.addSubnet("fc00::", 7, "ipv6");

/** This machine, a private network, or a name without a dot, as containers have among themselves. */
function isNear(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, "");
  const family = isIP(bare);
  return family === 0 ? !bare.includes(".") : PRIVATE.check(bare, family === 4 ? "ipv4" : "ipv6");
}
