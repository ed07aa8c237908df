/** Buyers of a VM, each with a session of its own: the real client, over HTTP, against the sandbox. */
import { UserVpsError } from "../../providers/core/errors.ts";
import { HostingerClient } from "../../providers/hostinger/api/client.ts";
import { obtainVm } from "../../providers/hostinger/purchase/index.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import type { HostingerSettings } from "../../providers/hostinger/settings.ts";
import type { VirtualMachineInputs } from "../../providers/hostinger/virtual-machine-args.ts";
import { ALICE } from "./fake-account.ts";

export interface Account {
  readonly hostingerUrl: string;
  readonly hostingerToken: string;
}

export type BuyerSettings = Omit<HostingerSettings, "apiKey" | "baseUrl">;

export const SHORT: BuyerSettings = {
  purchaseTimeoutMs: 600, purchaseIntentMs: 5_000, purchaseSettleMs: 3_000, purchaseUncertainPolicy: "ask", runningTimeoutMs: 1_500, notFoundGraceMs: 180_000, initialGraceMs: 100, mayBuy: true, patience: "own",
};

export interface Buyer {
  readonly session: Session;
  /** Its calls end, its connections close: as if its process were gone. */
  end(): Promise<void>;
}

export function newBuyer({ hostingerUrl: baseUrl, hostingerToken: apiKey }: Account, settings: Partial<BuyerSettings> = {}): Buyer {
  const gone = new AbortController();
  const client = new HostingerClient({ baseUrl, apiKey, signal: gone.signal });
  return {
    session: { client, settings: { ...SHORT, ...settings, baseUrl, apiKey }, signal: gone.signal, report: () => undefined },
    end: async () => {
      gone.abort();
      await client.close();
    },
  };
}

/** Puts some calls of a client in the place of its own, which the new ones may go on to. */
export function replaceCalls<Group extends "scripts" | "virtualMachines">({ session: { client } }: Buyer, group: Group, replaced: (own: HostingerClient[Group]) => Partial<HostingerClient[Group]>): void {
  const own = client[group];
  Object.assign(client, { [group]: { ...own, ...replaced(own) } });
}

export type Ending = { readonly vmId: number } | { readonly code: string };

/** Buys, or goes on with what was bought; what came of it. */
export async function obtain({ session }: Buyer, inputs: Partial<VirtualMachineInputs> = {}): Promise<Ending> {
  try {
    const { vmId } = await obtainVm(session, { ...ALICE, ...inputs });
    return { vmId };
  } catch (error) {
    if (error instanceof UserVpsError) return { code: error.code };
    throw error;
  }
}

/** With a session of its own, which ends then. */
export async function obtainOnce(account: Account, inputs: Partial<VirtualMachineInputs> = {}, settings: Partial<BuyerSettings> = {}): Promise<Ending> {
  const buyer = newBuyer(account, settings);
  return await obtain(buyer, inputs).finally(() => buyer.end());
}
