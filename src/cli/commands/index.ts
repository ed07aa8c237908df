/** Every command; their order is that of `--help`. */
import type { CliCommand } from "../command.ts";
import { actions } from "./actions.ts";
import { audit } from "./audit.ts";
import { cancel } from "./cancel.ts";
import { changes } from "./changes.ts";
import { completion } from "./completion.ts";
import { dataCenters } from "./data-centers.ts";
import { demo } from "./demo.ts";
import { deprovision } from "./deprovision.ts";
import { destroy } from "./destroy.ts";
import { doctor } from "./doctor.ts";
import { drift } from "./drift.ts";
import { events } from "./events.ts";
import { findings } from "./findings.ts";
import { givenUp } from "./given-up.ts";
import { init } from "./init.ts";
import { list } from "./list.ts";
import { login } from "./login.ts";
import { logout } from "./logout.ts";
import { logs } from "./logs.ts";
import { notificationList, notificationResend, notificationResume, notificationTargetList, notificationTest } from "./notification.ts";
import { plans } from "./plans.ts";
import { power } from "./power.ts";
import { preview } from "./preview.ts";
import { releaseCancel, releaseSkip } from "./release-cancel.ts";
import { releaseCreate } from "./release-create.ts";
import { releaseList } from "./release-list.ts";
import { releaseRollOut } from "./release-roll-out.ts";
import { releaseStatus } from "./release-status.ts";
import { repair } from "./repair.ts";
import { retry } from "./retry.ts";
import { rotate } from "./rotate.ts";
import { sandbox } from "./sandbox.ts";
import { scriptCreate } from "./script-create.ts";
import { scriptDelete } from "./script-delete.ts";
import { scriptList } from "./script-list.ts";
import { scriptShow } from "./script-show.ts";
import { serve } from "./serve.ts";
import { snapshot } from "./snapshot.ts";
import { status } from "./status.ts";
import { resume, suspend } from "./suspend.ts";
import { sweep } from "./sweep.ts";
import { templates } from "./templates.ts";
import { token } from "./token.ts";
import { poolDrain, poolList, poolSet } from "./pool.ts";
import { purchases } from "./purchases.ts";
import { resolve } from "./resolve.ts";
import { recreate, rename, replace } from "./user-change.ts";
import { up } from "./up.ts";
import { vmActions } from "./vm-actions.ts";
import { vmCreate } from "./vm-create.ts";
import { vmGet } from "./vm-get.ts";
import { vmList } from "./vm-list.ts";
import { vmRestart, vmStart, vmStop } from "./vm-power.ts";
import { vmRecreate } from "./vm-recreate.ts";
import { vmSnapshotCreate, vmSnapshotDelete, vmSnapshotRestore, vmSnapshotShow } from "./vm-snapshot.ts";

export const COMMANDS: readonly CliCommand[] = [
  up, preview, destroy, list, status, events, logs,
  drift, sweep, findings, repair,
  rotate, rename, recreate, replace, changes, retry, cancel, power, suspend, resume, snapshot, actions, deprovision, givenUp, audit,
  purchases, resolve, poolList, poolSet, poolDrain,
  releaseCreate, releaseList, releaseRollOut, releaseStatus, releaseSkip, releaseCancel,
  notificationList, notificationTargetList, notificationResend, notificationResume, notificationTest,
  init, serve, sandbox, demo, doctor, login, logout, token,
  plans, dataCenters, templates,
  scriptCreate, scriptList, scriptShow, scriptDelete,
  vmCreate, vmList, vmGet, vmStart, vmStop, vmRestart, vmRecreate, vmActions,
  vmSnapshotShow, vmSnapshotCreate, vmSnapshotRestore, vmSnapshotDelete,
  completion,
];

/** Commands of two words: the first one. */
export const GROUPS: Readonly<Record<string, { readonly summary: string; readonly example: string }>> = {
  pool: { summary: "VPSs that are kept ready for users to come", example: "pool list" },
  notification: { summary: "What is told to other programs, Slack and by e-mail", example: "notification targets" },
  release: { summary: "New Conductor and CLI programs for VPSs that are already there", example: "release list" },
  script: { summary: "Post-install scripts of the Hostinger account", example: "script list" },
  vm: { summary: "VMs of the Hostinger account, without any stack", example: "vm list" },
};

/** The command that a command line names, also one that is used wrongly; undefined if it names none. */
export function commandOf(args: readonly string[]): CliCommand | undefined {
  const [first = "", second = ""] = args.filter((arg) => !arg.startsWith("-"));
  const name = first in GROUPS ? `${first} ${second}` : first;
  return COMMANDS.find(({ usage }) => usage === name || usage.startsWith(`${name} `));
}
