import type { Route } from "../http/router.ts";
import { ok } from "../http/router.ts";
import type { Vm } from "../model.ts";
import { act, numberOf, page, vmOf } from "./context.ts";
import type { Context } from "./context.ts";
import { notFound } from "./error.ts";
import { snapshotShape } from "./shapes.ts";
import { ONE_MACHINE } from "./virtual-machines.ts";

/** The one snapshot of a VM, and its backups: one a VM with backups enabled, made when it was bought. */
export function copyRoutes(context: Context): Route[] {
  const snapshotOf = (vm: Vm) => {
    if (vm.snapshot === null) throw notFound("Snapshot");
    return vm.snapshot;
  };
  const withSnapshot = (method: string, path: string, action: string): Route => ({
    method,
    pattern: `${ONE_MACHINE}/${path}`,
    handler: (request) => {
      const vm = vmOf(context, request);
      snapshotOf(vm);
      return act(context, vm, action);
    },
  });
  return [
    {
      method: "GET",
      pattern: `${ONE_MACHINE}/snapshot`,
      handler: (request) => ok(snapshotShape(snapshotOf(vmOf(context, request)))),
    },
    {
      method: "POST",
      pattern: `${ONE_MACHINE}/snapshot`,
      handler: (request) => act(context, vmOf(context, request), "create_snapshot"),
    },
    withSnapshot("DELETE", "snapshot", "delete_snapshot"),
    withSnapshot("POST", "snapshot/restore", "restore_snapshot"),
    {
      method: "GET",
      pattern: `${ONE_MACHINE}/backups`,
      handler: (request) => page(request, backupsOf(vmOf(context, request)), (backup) => backup),
    },
    {
      method: "POST",
      pattern: `${ONE_MACHINE}/backups/{backupId}/restore`,
      handler: (request) => {
        const vm = vmOf(context, request);
        const id = numberOf(request, "backupId");
        if (!backupsOf(vm).some((backup) => backup.id === id)) throw notFound("Backup");
        return act(context, vm, "restore_backup");
      },
    },
  ];
}

/** VPS.V1.Backup.BackupResource */
function backupsOf(vm: Vm) {
  if (!vm.backupsEnabled || vm.ipv4 === null) return [];
  return [{ id: vm.ipv4.id, size: 15_240_192, restore_time: 3_600, location: "sandbox-backups", created_at: vm.createdAt }];
}
