/** What was ordered for a user's stack and is not in its state yet: a destroy knows nothing of it. */
import { messageOf, UserVpsError } from "../../../providers/core/errors.ts";
import type { LeftPurchase } from "../../../providers/hostinger/purchase/index.ts";
import { USUAL } from "../../../stacks/usual-values.ts";
import type { Invocation } from "../command.ts";
import { withHostinger } from "../hostinger/open-client.ts";
import type { UserStack } from "./user-stack.ts";

type StackSettings = Readonly<Record<string, { readonly value?: string } | undefined>>;

export interface OpenPurchases {
  readonly purchases: readonly LeftPurchase[];
  /** A line for each, or why it is not known. */
  readonly lines: readonly string[];
}

/** To be asked as long as the stack has its settings. */
export async function openPurchases(stack: UserStack, invocation: Pick<Invocation, "env" | "progress" | "signal">): Promise<OpenPurchases> {
  const settings = JSON.parse(await stack.quietly("config", "--json")) as StackSettings;
  const setting = (name: string) => settings[`user-vps:${name}`]?.value || undefined;
  const hostname = setting("hostname") ?? `${stack.username}.${setting("domain") ?? (invocation.env["VPS_DOMAIN"] || USUAL.domain)}`;
  const { leftPurchases } = await import("../../../providers/hostinger/purchase/index.ts");
  try {
    const purchases = await withHostinger(invocation, (session) => leftPurchases(session, { hostname, owner: setting("ownerId") ?? stack.username }));
    return { purchases, lines: purchases.map((one) => told(stack.username, one)) };
  } catch (error) {
    if (!(error instanceof UserVpsError)) throw error;
    return { purchases: [], lines: [`Whether a purchase for ${hostname} is open could not be asked: ${messageOf(error)}`] };
  }
}

function told(username: string, { hostname, vmId, orderId, subscriptionId, recordId }: LeftPurchase): string {
  const what = vmId !== undefined ? `VM ${vmId}` : orderId !== undefined ? `order ${orderId}` : subscriptionId !== undefined ? `subscription ${subscriptionId}` : `record ${recordId}`;
  return `A purchase for ${hostname} is open (${what}). What comes of it is neither stopped nor kept from being renewed: end it in the Hostinger panel, or go on with it by \`user-vps up ${username}\`.`;
}
