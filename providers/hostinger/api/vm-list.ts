/** The list of VMs, entry by entry: one that cannot be read makes that one unusable, not the list. */

import { z } from "zod";

import { virtualMachineSchema, type VirtualMachine } from "./virtual-machine.ts";

/** An entry that cannot be read, with what of it can. */
export interface OddEntry {
  /** Null where the id cannot be read either. */
  readonly id: number | null;
  /** In lower case; empty: it has none. Null where it cannot be read. */
  readonly hostname: string | null;
  /** Empty: it has none. Null where it cannot be read. */
  readonly subscriptionId: string | null;
  /** Which places are odd, never their values. */
  readonly why: string;
}

export interface VmList {
  readonly vms: VirtualMachine[];
  readonly odd: OddEntry[];
}

const readable = z.object({
  id: z.int().positive().nullable().catch(null),
  hostname: z.string().nullish().transform((name) => (name ?? "").toLowerCase()).nullable().catch(null),
  subscription_id: z.string().nullish().transform((id) => id ?? "").nullable().catch(null),
});

export function vmList(entries: readonly unknown[]): VmList {
  const list: VmList = { vms: [], odd: [] };
  for (const entry of entries) {
    const parsed = virtualMachineSchema.safeParse(entry);
    if (parsed.success) list.vms.push(parsed.data);
    else list.odd.push(oddEntry(entry, parsed.error));
  }
  return list;
}

function oddEntry(entry: unknown, error: z.ZodError): OddEntry {
  const read = readable.safeParse(entry).data;
  const why = error.issues.slice(0, 5).map((issue) => `${issue.path.join(".") || "the entry"}: ${issue.message}`).join("; ");
  return { id: read?.id ?? null, hostname: read?.hostname ?? null, subscriptionId: read?.subscription_id ?? null, why };
}
