import { UserVpsError } from "../../../providers/core/errors.ts";
import type { NotificationTargetView, NotificationView } from "../../http/routes/notifications.ts";
import type { CliCommand, Invocation, Result } from "../command.ts";
import { moment, shortened, table } from "../output.ts";
import { withService } from "../service-client/api.ts";
import { REASON_OPTION } from "../service-client/order.ts";
import { allPages } from "../service-client/paths.ts";

interface ListOptions {
  readonly target?: string;
  readonly state?: string;
  readonly all?: true;
}
interface OrderOptions {
  readonly reason?: string;
  readonly givenUp?: true;
}

const SHOWN = 50;
const MESSAGE_ID = /^msg_[0-9a-f]{32}$/;

/** GET /api/admin/notifications */
export const notificationList: CliCommand<ListOptions> = {
  usage: "notification list",
  summary: "What was told to whom, and what was not yet",
  details: "Newest first. See docs/notifications.md.",
  options: [
    { flags: "--target <name>", description: "only to this target", parse: targetName },
    { flags: "--state <state>", description: "pending, delivered or given_up" },
    { flags: "--all", description: `all of them (default: the last ${SHOWN})` },
  ],
  examples: ["notification list", "notification list --state pending --json"],
  async run(invocation) {
    const { options: { target, state, all }, progress } = invocation;
    progress.say("asking the service");
    const query = { target, state };
    const given = Object.entries({ ...query, limit: String(SHOWN) }).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const items = await withService(invocation, async (service) => (all
      ? allPages<NotificationView>(service, "/api/admin/notifications", query)
      : (await service.get<{ items: NotificationView[] }>(`/api/admin/notifications?${new URLSearchParams(given)}`)).items));
    const rows = items.map((one) => [one.id, one.target, one.state, whatOf(one), moment(one.createdAt), one.attempts, moment(one.deliveredAt) ?? (one.lastError === null ? undefined : shortened(one.lastError))]);
    return { data: items, text: table(["ID", "TARGET", "STATE", "WHAT", "MADE (UTC)", "TRIES", "DELIVERED (UTC), OR WHY NOT"], rows) };
  },
};

/** GET /api/admin/notification-targets */
export const notificationTargetList: CliCommand = {
  usage: "notification targets",
  summary: "Who is told what, and how they answer",
  examples: ["notification targets"],
  async run(invocation) {
    invocation.progress.say("asking the service");
    const { items } = await withService(invocation, (service) => service.get<{ items: NotificationTargetView[] }>("/api/admin/notification-targets"));
    const rows = items.map((one) => [one.name, one.format, one.address, one.events.join(" "), stateOf(one), one.pending, one.givenUp, moment(one.answeredAt)]);
    return { data: items, text: table(["TARGET", "FORMAT", "ADDRESS", "EVENTS", "STATE", "PENDING", "GIVEN UP", "LAST TOOK ONE (UTC)"], rows, "none: see NOTIFICATION_TARGETS in docs/notifications.md") };
  },
};

/** POST /api/admin/notifications/{id}/resend, POST /api/admin/notification-targets/{name}/resend */
export const notificationResend: CliCommand<OrderOptions> = {
  usage: "notification resend <id-or-target>",
  summary: "Send a message again, or all that were given up for a target",
  details: "With the same id, so that a receiver knows what it has already.",
  options: [REASON_OPTION],
  examples: ["notification resend msg_0123456789abcdef0123456789abcdef", "notification resend backend --reason 'it was down for a week'"],
  async run(invocation) {
    const [which] = invocation.args as [string];
    if (MESSAGE_ID.test(which)) return order<NotificationView>(invocation, `notifications/${which}/resend`, ({ target }) => `${which} is sent to ${target} again.`);
    return order<{ count: number }>(invocation, `notification-targets/${targetName(which)}/resend`, ({ count }) => `${count} ${count === 1 ? "message is" : "messages are"} sent to ${which} again.`);
  },
};

/** POST /api/admin/notification-targets/{name}/resume */
export const notificationResume: CliCommand<OrderOptions> = {
  usage: "notification resume <target>",
  summary: "Try a target at once, also one that has said that it is gone",
  options: [REASON_OPTION],
  examples: ["notification resume backend"],
  run: async (invocation) => order<NotificationTargetView>(invocation, `notification-targets/${targetName(invocation.args[0]!)}/resume`, ({ name, pending }) => `${name} is tried at once; ${pending} pending.`),
};

/** POST /api/admin/notification-targets/{name}/test */
export const notificationTest: CliCommand<OrderOptions> = {
  usage: "notification test <target>",
  summary: "Tell a target a test",
  options: [REASON_OPTION],
  examples: ["notification test backend"],
  run: async (invocation) => order<NotificationTargetView>(invocation, `notification-targets/${targetName(invocation.args[0]!)}/test`, ({ name }) => `${name} will be told; see \`user-vps notification list --target ${name}\`.`),
};

async function order<T>(invocation: Invocation<OrderOptions>, path: string, told: (answer: T) => string): Promise<Result> {
  const { options: { reason }, progress } = invocation;
  progress.say("asking the service");
  const answer = await withService(invocation, (service) => service.post<T>(`/api/admin/${path}`, reason === undefined ? {} : { reason }));
  return { data: answer, text: told(answer) };
}

function whatOf({ events }: NotificationView): string {
  const [first] = events;
  if (events.length > 1) return `${events.length} events`;
  return [first?.type, first?.username].filter(Boolean).join(" ");
}

function stateOf({ pausedAt, failures, lastError }: NotificationTargetView): string {
  if (pausedAt) return `gone since ${moment(pausedAt)}`;
  return failures === 0 ? "ok" : `${failures} failures: ${shortened(lastError ?? "")}`;
}

function targetName(text: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(text)) throw new UserVpsError("INPUT_INVALID", `Expected the name of a target, got '${text}'.`, { next: "`user-vps notification targets` lists them." });
  return text;
}
