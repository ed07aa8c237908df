/** Every command; their order is that of `--help`. */
import type { CliCommand } from "../command.ts";
import { completion } from "./completion.ts";
import { dataCenters } from "./data-centers.ts";
import { demo } from "./demo.ts";
import { destroy } from "./destroy.ts";
import { doctor } from "./doctor.ts";
import { events } from "./events.ts";
import { logs } from "./logs.ts";
import { plans } from "./plans.ts";
import { preview } from "./preview.ts";
import { releaseCancel } from "./release-cancel.ts";
import { releaseCreate } from "./release-create.ts";
import { releaseList } from "./release-list.ts";
import { releaseRollOut } from "./release-roll-out.ts";
import { releaseStatus } from "./release-status.ts";
import { sandbox } from "./sandbox.ts";
import { scriptCreate } from "./script-create.ts";
import { scriptDelete } from "./script-delete.ts";
import { scriptList } from "./script-list.ts";
import { scriptShow } from "./script-show.ts";
import { serve } from "./serve.ts";
import { status } from "./status.ts";
import { templates } from "./templates.ts";
import { token } from "./token.ts";
import { up } from "./up.ts";
import { vmActions } from "./vm-actions.ts";
import { vmCreate } from "./vm-create.ts";
import { vmGet } from "./vm-get.ts";
import { vmList } from "./vm-list.ts";
import { vmRestart, vmStart, vmStop } from "./vm-power.ts";
import { vmRecreate } from "./vm-recreate.ts";

export const COMMANDS: readonly CliCommand[] = [
  up, preview, destroy, status, events, logs,
  serve, sandbox, demo, doctor, token,
  releaseCreate, releaseList, releaseRollOut, releaseStatus, releaseCancel,
  plans, dataCenters, templates,
  scriptCreate, scriptList, scriptShow, scriptDelete,
  vmCreate, vmList, vmGet, vmStart, vmStop, vmRestart, vmRecreate, vmActions,
  completion,
];

/** Commands of two words: the first one. */
export const GROUPS: Readonly<Record<string, { readonly summary: string; readonly example: string }>> = {
  release: { summary: "New Conductor and CLI programs for VPSs that are already there", example: "release list" },
  script: { summary: "Post-install scripts of the Hostinger account", example: "script list" },
  vm: { summary: "VMs of the Hostinger account, without any stack", example: "vm list" },
};
