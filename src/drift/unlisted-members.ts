import type { VirtualMachine } from "../../providers/hostinger/api/client.ts";
import { isLost } from "../../providers/hostinger/vm-state.ts";
import type { PoolMember } from "../records/index.ts";
import { inParallel } from "./in-parallel.ts";

/** Of one sweep; the others are looked for at the next. */
const MOST_LOOKS = 100;
const LOOKS_AT_ONCE = 4;

export interface UnlistedMembers {
  /** There after all. */
  readonly found: readonly VirtualMachine[];
  /** Ids of the members whose VM the account has no more. */
  readonly gone: readonly string[];
  readonly calls: number;
}

/**
 * Those whose VM is not in the account's list are asked for by themselves; what cannot be asked is neither there nor gone.
 *
 * @param listed VMs that are there by the list, also those that cannot be read
 * @param look by its own address; empty: it is not there
 */
export async function lookForUnlisted(setAside: readonly Pick<PoolMember, "memberId" | "vmId">[], listed: ReadonlySet<number | null>, look: (vmId: number) => Promise<readonly VirtualMachine[]>, signal?: AbortSignal): Promise<UnlistedMembers> {
  const found: VirtualMachine[] = [];
  const gone: string[] = [];
  const unlisted = setAside.filter(({ vmId }) => !listed.has(vmId)).slice(0, MOST_LOOKS);
  await inParallel(unlisted, LOOKS_AT_ONCE, async ({ memberId, vmId }) => {
    const vms = await look(vmId!).catch(() => undefined);
    signal?.throwIfAborted();
    if (!vms) return;
    const there = vms.filter((vm) => !isLost(vm));
    found.push(...there);
    if (there.length === 0) gone.push(memberId);
  });
  return { found, gone, calls: unlisted.length };
}
