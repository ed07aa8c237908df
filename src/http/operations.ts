/**
 * Every operation of the API: its name for programs (`operationId`) and who may do it. Routes are
 * held to this table (see requireRole), the description and docs/security.md are made from it.
 */
import { SCOPE_OF_ROLE, type OperatorRole } from "../config/operator-roles.ts";

/** `anybody` needs no token; a `user` one of their own, and reaches nothing but their own VPS; an operator's role includes those before it. */
export type Who = "anybody" | "user" | OperatorRole;

export interface Operation {
  /** Never changes: clients are generated from it. */
  readonly id: string;
  readonly who: Who;
}

/** By method and path, as OpenAPI writes it. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  "GET /healthz": { id: "getHealth", who: "anybody" },
  "GET /readyz": { id: "getReadiness", who: "anybody" },

  "POST /api/vps/provision": { id: "provisionVps", who: "user" },
  "GET /api/vps/status": { id: "getOwnVps", who: "user" },
  "GET /api/vps/events": { id: "followOwnVps", who: "user" },
  "POST /api/vps/credentials": { id: "revealCredentials", who: "user" },
  "POST /api/vps/credentials/acknowledge": { id: "acknowledgeCredentials", who: "user" },

  "GET /api/vps/self-service": { id: "getSelfService", who: "user" },
  "POST /api/vps/restart": { id: "restartOwnVps", who: "user" },
  "POST /api/vps/rotate-credentials": { id: "rotateOwnCredentials", who: "user" },
  "PUT /api/vps/ssh-key": { id: "setOwnSshKey", who: "user" },
  "POST /api/vps/snapshot": { id: "snapshotOwnVps", who: "user" },
  "POST /api/vps/restore": { id: "restoreOwnVps", who: "user" },
  "POST /api/vps/hand-over": { id: "handOverUser", who: "user" },

  "GET /api/admin/vps": { id: "listVps", who: "viewer" },
  "GET /api/admin/vps/{username}": { id: "getVps", who: "viewer" },
  "GET /api/admin/vps/{username}/events": { id: "followVps", who: "viewer" },
  "GET /api/admin/vps/{username}/next": { id: "getNextTry", who: "viewer" },
  "GET /api/admin/vps/{username}/boot-log": { id: "getBootLog", who: "viewer" },
  "GET /api/admin/vps/{username}/runs": { id: "listRuns", who: "viewer" },
  "GET /api/admin/vps/{username}/drift": { id: "getDrift", who: "viewer" },
  "GET /api/admin/vps/{username}/actions": { id: "listVmActions", who: "viewer" },
  "GET /api/admin/vps/{username}/changes": { id: "listChanges", who: "viewer" },
  "GET /api/admin/runs/{runId}": { id: "getRun", who: "viewer" },
  "GET /api/admin/runs/{runId}/log": { id: "getRunLog", who: "viewer" },
  "GET /api/admin/audit": { id: "listOperatorActions", who: "viewer" },
  "GET /api/admin/doctor": { id: "examineService", who: "viewer" },
  "GET /api/admin/purchases": { id: "listPurchases", who: "viewer" },
  "GET /api/admin/purchases/overview": { id: "getPurchaseOverview", who: "viewer" },
  "GET /api/admin/pools": { id: "listPools", who: "viewer" },
  "GET /api/admin/sweeps": { id: "listSweeps", who: "viewer" },
  "GET /api/admin/findings": { id: "listFindings", who: "viewer" },
  "GET /api/admin/given-up-vms": { id: "listGivenUpVms", who: "viewer" },
  "GET /api/admin/releases": { id: "listReleases", who: "viewer" },
  "GET /api/admin/roll-outs": { id: "listRollOuts", who: "viewer" },
  "GET /api/admin/roll-outs/{rollOutId}": { id: "getRollOut", who: "viewer" },
  "GET /api/admin/fleet": { id: "getFleet", who: "viewer" },
  "GET /api/admin/offers": { id: "getOffers", who: "viewer" },
  "GET /api/admin/export/users": { id: "exportUsers", who: "viewer" },
  "GET /api/admin/export/findings": { id: "exportFindings", who: "viewer" },
  "GET /api/admin/export/audit": { id: "exportAudit", who: "viewer" },
  "GET /api/admin/numbers": { id: "getFleetNumbers", who: "viewer" },

  "GET /api/admin/notifications": { id: "listNotifications", who: "viewer" },
  "GET /api/admin/notification-targets": { id: "listNotificationTargets", who: "viewer" },
  "POST /api/admin/login-links": { id: "makeLoginLink", who: "viewer" },

  "POST /api/admin/sweeps": { id: "requestSweep", who: "operator" },
  "POST /api/admin/findings/{id}/repair": { id: "repairFinding", who: "operator" },
  "POST /api/admin/notifications/{id}/resend": { id: "resendNotification", who: "operator" },
  "POST /api/admin/notification-targets/{name}/resend": { id: "resendGivenUpNotifications", who: "operator" },
  "POST /api/admin/notification-targets/{name}/resume": { id: "resumeNotificationTarget", who: "operator" },
  "POST /api/admin/notification-targets/{name}/test": { id: "testNotificationTarget", who: "operator" },
  "POST /api/admin/bulk/preview": { id: "previewBulk", who: "operator" },
  "POST /api/admin/bulk": { id: "actInBulk", who: "operator" },
  "POST /api/admin/retry": { id: "retryAll", who: "operator" },
  "POST /api/admin/vps/{username}/retry": { id: "retryVps", who: "operator" },
  "POST /api/admin/vps/{username}/repair": { id: "repairVps", who: "operator" },
  "POST /api/admin/vps/{username}/cancel": { id: "cancelVps", who: "operator" },
  "POST /api/admin/vps/{username}/start": { id: "startVm", who: "operator" },
  "POST /api/admin/vps/{username}/stop": { id: "stopVm", who: "operator" },
  "POST /api/admin/vps/{username}/restart": { id: "restartVm", who: "operator" },
  "POST /api/admin/vps/{username}/suspend": { id: "suspendUser", who: "operator" },
  "POST /api/admin/vps/{username}/resume": { id: "resumeUser", who: "operator" },
  "POST /api/admin/vps/{username}/rotate-credentials": { id: "rotateCredentials", who: "operator" },
  "POST /api/admin/vps/{username}/snapshot": { id: "makeSnapshot", who: "operator" },
  "POST /api/admin/vps/{username}/rename": { id: "renameVps", who: "operator" },

  "POST /api/admin/releases": { id: "createRelease", who: "releaser" },
  "POST /api/admin/roll-outs": { id: "startRollOut", who: "releaser" },
  "POST /api/admin/roll-outs/{rollOutId}/cancel": { id: "cancelRollOut", who: "releaser" },
  "POST /api/admin/roll-outs/{rollOutId}/members/{username}/skip": { id: "skipInRollOut", who: "releaser" },

  // What wipes, buys or gives up.
  "POST /api/admin/vps/{username}/recreate": { id: "recreateVm", who: "owner" },
  "POST /api/admin/vps/{username}/replace": { id: "replaceVm", who: "owner" },
  "POST /api/admin/vps/{username}/deprovision": { id: "deprovisionVps", who: "owner" },
  "POST /api/admin/vps/{username}/resolve": { id: "resolvePurchase", who: "owner" },
  "POST /api/admin/pools": { id: "setPool", who: "owner" },
  "POST /api/admin/pools/{poolId}/drain": { id: "drainPool", who: "owner" },
  "POST /api/admin/purchases/switch": { id: "switchPurchases", who: "owner" },
};

/**
 * @param method `HEAD` is `GET`
 * @param path as OpenAPI or as fastify writes it: `/vps/{username}`, `/vps/:username`
 * @returns undefined: it is not in the table, and then for owners alone
 */
export function operationOf(method: string, path: string): Operation | undefined {
  return OPERATIONS[`${method === "HEAD" ? "GET" : method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`];
}

/** The scopes of tokens that may do it; none: it takes no scope. */
export function scopesFor(who: Who): string[] {
  return who === "anybody" || who === "user" ? [] : [SCOPE_OF_ROLE[who]];
}
