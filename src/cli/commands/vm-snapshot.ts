/** The one snapshot of a VM: /api/vps/v1/virtual-machines/{id}/snapshot. */
import { UserVpsError } from "../../../providers/core/errors.ts";
import type { Action, Snapshot, VirtualMachine } from "../../../providers/hostinger/api/client.ts";
import type { Session } from "../../../providers/hostinger/session.ts";
import type { CliCommand, Invocation } from "../command.ts";
import { confirmTyped } from "../confirm.ts";
import { withHostinger } from "../hostinger/open-client.ts";
import { fields, moment } from "../output.ts";
import { id } from "../argument-values.ts";
import { nameOf } from "../hostinger/vm-view.ts";

interface Confirmable {
  readonly confirm?: string;
}

interface Seen {
  readonly session: Session;
  readonly vm: VirtualMachine;
  readonly present: Snapshot | undefined;
}

const CONFIRM_OPTION = { flags: "--confirm <host-name>", description: "the VM's host name, in place of typing it" } as const;

/** GET */
export const vmSnapshotShow: CliCommand<object> = {
  usage: "vm snapshot-show <vm-id>",
  summary: "The snapshot of a VM, if there is one",
  examples: ["vm snapshot-show 17923"],
  run: (invocation) => withSnapshot(invocation, async ({ vm, present }) => ({ data: { vmId: vm.id, snapshot: present ?? null }, text: present ? snapshotText(present) : `${nameOf(vm)}: no snapshot.` })),
};

/** POST */
export const vmSnapshotCreate: CliCommand<Confirmable> = {
  usage: "vm snapshot-create <vm-id>",
  summary: "Make a snapshot of a VM, in place of an earlier one",
  details: "A VM has one snapshot. Where one would be lost, the host name has to be typed.",
  options: [CONFIRM_OPTION],
  examples: ["vm snapshot-create 17923", "vm snapshot-create 17923 --confirm test.spoq.dev"],
  run: (invocation) => withSnapshot(invocation, async ({ session, vm, present }) => {
    if (present) await agree(invocation, vm, `The snapshot of VM ${vm.id} (${nameOf(vm)}) of ${moment(present.createdAt) ?? "an unknown time"} will be lost: a VM has one.`);
    const { makeSnapshot } = await import("../../../providers/hostinger/snapshot.ts");
    await makeSnapshot(session, { vmId: vm.id, hostname: nameOf(vm) });
    const made = await session.client.virtualMachines.snapshot.get(vm.id, { signal: session.signal });
    return { data: { action: "snapshot-create", vmId: vm.id, snapshot: made ?? null }, text: `${nameOf(vm)}: a snapshot of VM ${vm.id} is made${made?.expiresAt ? `; Hostinger keeps it until ${moment(made.expiresAt)} UTC` : ""}.` };
  }),
};

/** POST …/restore */
export const vmSnapshotRestore: CliCommand<Confirmable> = {
  usage: "vm snapshot-restore <vm-id>",
  summary: "Put a VM back to its snapshot: what was changed since is lost",
  details: "Nothing of the stack notices. If its credentials were rotated or a release was brought to it since, rotate them once more and roll the release out again: the old ones are back.",
  options: [CONFIRM_OPTION],
  examples: ["vm snapshot-restore 17923", "vm snapshot-restore 17923 --confirm test.spoq.dev"],
  run: (invocation) => withSnapshot(invocation, async ({ session, vm, present }) => {
    const { createdAt } = required(present, vm);
    await agree(invocation, vm, `VM ${vm.id} (${nameOf(vm)}, ${vm.state}) will be put back to its snapshot of ${moment(createdAt) ?? "an unknown time"}: all that was changed since is lost.`);
    await act(session, vm, "restoring the snapshot of", () => session.client.virtualMachines.snapshot.restore(vm.id, { signal: session.signal }));
    return { data: { action: "snapshot-restore", vmId: vm.id, snapshot: present! }, text: `${nameOf(vm)}: VM ${vm.id} is what it was at ${moment(createdAt) ?? "its snapshot"}.` };
  }),
};

/** DELETE */
export const vmSnapshotDelete: CliCommand<Confirmable> = {
  usage: "vm snapshot-delete <vm-id>",
  summary: "Remove the snapshot of a VM",
  options: [CONFIRM_OPTION],
  examples: ["vm snapshot-delete 17923", "vm snapshot-delete 17923 --confirm test.spoq.dev"],
  run: (invocation) => withSnapshot(invocation, async ({ session, vm, present }) => {
    const { createdAt } = required(present, vm);
    await agree(invocation, vm, `The snapshot of VM ${vm.id} (${nameOf(vm)}) of ${moment(createdAt) ?? "an unknown time"} will be removed.`);
    await act(session, vm, "removing the snapshot of", () => session.client.virtualMachines.snapshot.delete(vm.id, { signal: session.signal }));
    return { data: { action: "snapshot-delete", vmId: vm.id, deleted: true }, text: `${nameOf(vm)}: the snapshot of VM ${vm.id} is removed.` };
  }),
};

async function withSnapshot<T>(invocation: Invocation, work: (seen: Seen) => Promise<T>): Promise<T> {
  const vmId = id(invocation.args[0]!);
  return withHostinger(invocation, async (session) => {
    const { client, signal } = session;
    invocation.progress.say(`asking Hostinger for VM ${vmId} and its snapshot`);
    const [vm, present] = await Promise.all([client.virtualMachines.get(vmId, { signal }), client.virtualMachines.snapshot.get(vmId, { signal })]);
    invocation.progress.end();
    return work({ session, vm, present });
  });
}

function required(present: Snapshot | undefined, vm: VirtualMachine): Snapshot {
  if (present) return present;
  throw new UserVpsError("INPUT_INVALID", `VM ${vm.id} (${nameOf(vm)}) has no snapshot.`, { next: `\`user-vps vm snapshot-create ${vm.id}\` makes one.` });
}

function agree({ options }: Invocation<Confirmable>, vm: VirtualMachine, what: string): Promise<void> {
  const expected = vm.hostname || String(vm.id);
  return confirmTyped({ what, expected, given: options.confirm, option: `--confirm ${expected}` });
}

async function act(session: Session, vm: VirtualMachine, what: string, order: () => Promise<Action>): Promise<void> {
  const { runAction } = await import("../../../providers/hostinger/run-action.ts");
  await runAction(session, { vmId: vm.id, hostname: nameOf(vm) }, `${what} VM ${vm.id}`, order);
}

function snapshotText({ id: snapshotId, createdAt, expiresAt, restoreTimeSeconds }: Snapshot): string {
  return fields({ id: snapshotId, "created (UTC)": moment(createdAt), "kept until (UTC)": moment(expiresAt), "restore takes": restoreTimeSeconds === null ? undefined : `${restoreTimeSeconds} s` });
}
