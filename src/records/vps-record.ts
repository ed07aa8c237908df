/** A user's VPS as the database records it: one row of user_vps. */

export const VPS_STATUSES = ["queued", "provisioning", "ready", "failed", "suspended", "deprovisioning", "deprovisioned"] as const;
export type VpsStatus = (typeof VPS_STATUSES)[number];

/** Something is being done, or is about to be, by itself. */
export const BUSY_STATUSES = ["queued", "provisioning", "deprovisioning"] as const satisfies readonly VpsStatus[];
/** What is missing of it is made, or is about to be: bought, if need be. */
export const GETTING_READY_STATUSES = ["queued", "provisioning"] as const satisfies readonly VpsStatus[];
/** In use, and nothing is being done: what operators ask for begins from here. */
export const AT_REST_STATUSES = ["ready", "failed"] as const satisfies readonly VpsStatus[];

export function isBusy(status: VpsStatus): boolean {
  return BUSY_STATUSES.some((one) => one === status);
}

export function isGettingReady(status: VpsStatus): boolean {
  return GETTING_READY_STATUSES.some((one) => one === status);
}

export function isAtRest(status: VpsStatus): boolean {
  return AT_REST_STATUSES.some((one) => one === status);
}

export const PHASES = ["queued", "engine", "credentials", "script", "vm", "dns", "health", "done"] as const;
export type Phase = (typeof PHASES)[number];

export interface VpsRecord {
  /** The `sub` of the user's token. */
  readonly userId: string;
  readonly username: string;
  readonly hostname: string;
  /** By which the VM was first made to serve, if that was another one. */
  readonly bootHostname: string | null;
  readonly status: VpsStatus;
  readonly phase: Phase | null;
  readonly waitingFor: string | null;
  /** What is waited for without a run, as a value: see WAITING_KINDS of src/purchases. */
  readonly waitingKind: string | null;
  readonly waitingSince: Date | null;
  /** How long that took others, in the median; null: not known. */
  readonly waitingUsualSeconds: number | null;
  /** Among those who wait for their turn, from 1. */
  readonly waitingPlace: number | null;
  /** When it was queued the last time, in seconds since 1970, to the microsecond. */
  readonly queuedAtSeconds: number | null;
  readonly errorCode: string | null;
  readonly reason: string | null;
  readonly nextStep: string | null;
  readonly plan: string;
  readonly templateId: number;
  readonly dataCenterId: number;
  /** The claim `vps_plans` of the token at signup; null: it had none. */
  readonly allowedPlans: readonly string[] | null;
  readonly sshPublicKey: string | null;
  readonly address: string | null;
  readonly hostingerVmId: number | null;
  /** The VM that the stack takes over in place of a purchase. */
  readonly takenOverVmId: number | null;
  /** It is installed anew; otherwise it is the user's own, with its data. */
  readonly takenOverIsWiped: boolean;
  readonly hostingerOrderId: string | null;
  readonly subscriptionId: string | null;
  readonly url: string | null;
  /** `type base64`, as the SSH server told it when the VPS was last worked on; null: not known. */
  readonly sshHostKey: string | null;
  /** Credentials are stored and not yet shown. */
  readonly credentialsAvailable: boolean;
  /** Which making of the credentials is wanted: 1 at first, one more with each rotation. */
  readonly credentialsRotation: number;
  /** The making with which the VM was first installed. */
  readonly firstRotation: number;
  /** How often an operator has had the VM wiped and installed anew. */
  readonly recreation: number;
  /** When the last of these was asked for. */
  readonly recreationAskedAt: Date | null;
  /** The VM's newest action before it was wiped the last time, 0 if it had none; null: not wiped, or asked for by a version before. */
  readonly recreationAfterAction: number | null;
  /** The VM of which a snapshot was made since it was ready for the user; null: none was. */
  readonly snapshotVmId: number | null;
  /** The making that was last stored to be shown; 0 for none. */
  readonly credentialsSavedRotation: number;
  readonly credentialsShownAt: Date | null;
  /** Of those that were stored last, as the stack tells it; null: not told, by a version before. */
  readonly credentialsMadeAt: Date | null;
  /** The row of a member of a pool: it stands for no person. */
  readonly isPooled: boolean;
  /** The pool that was there for the user's wish; null: none. */
  readonly poolId: string | null;
  /** The pool's member whose VM the user has got; null: none. */
  readonly poolMemberId: string | null;
  readonly requestedAt: Date;
  readonly readyAt: Date | null;
  readonly updatedAt: Date;
  /** Counts every change of the row. */
  readonly version: number;
}

/** For SELECT and RETURNING, with `user_vps` under that name. */
export const VPS_COLUMNS = `
  user_vps.user_id::text AS "userId", username, hostname, boot_hostname AS "bootHostname", status, phase, waiting_for AS "waitingFor",
  waiting_kind AS "waitingKind", waiting_since AS "waitingSince", waiting_usual_seconds AS "waitingUsualSeconds", waiting_place AS "waitingPlace", extract(epoch FROM user_vps.queued_at)::float8 AS "queuedAtSeconds", allowed_plans AS "allowedPlans",
  error_code AS "errorCode", reason, next_step AS "nextStep", plan_id AS plan, template_id AS "templateId",
  data_center_id AS "dataCenterId", ssh_public_key AS "sshPublicKey", address,
  hostinger_vm_id::double precision AS "hostingerVmId", hostinger_order_id AS "hostingerOrderId",
  taken_over_vm_id::double precision AS "takenOverVmId", taken_over_is_wiped AS "takenOverIsWiped",
  subscription_id AS "subscriptionId", url, ssh_host_key AS "sshHostKey",
  coalesce((SELECT shown_at IS NULL FROM vps_credentials WHERE vps_credentials.user_id = user_vps.user_id::text), false) AS "credentialsAvailable",
  credentials_rotation AS "credentialsRotation", first_rotation AS "firstRotation", recreation, recreation_asked_at AS "recreationAskedAt", recreation_after_action::double precision AS "recreationAfterAction", snapshot_vm_id::double precision AS "snapshotVmId", credentials_saved_rotation AS "credentialsSavedRotation",
  is_pooled AS "isPooled", user_vps.pool_id AS "poolId", pool_member_id AS "poolMemberId", credentials_shown_at AS "credentialsShownAt", credentials_made_at AS "credentialsMadeAt", requested_at AS "requestedAt", ready_at AS "readyAt",
  updated_at AS "updatedAt", version`;
