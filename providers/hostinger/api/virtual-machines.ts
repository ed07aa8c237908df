/** Calls on VMs: /api/vps/v1/virtual-machines. */

import { z } from "zod";

import { actionSchema, type Action } from "./actions.ts";
import { undefinedIfNotFound } from "./not-found.ts";
import { listPages } from "./paging.ts";
import { publicKeySchema, type PublicKey } from "./public-keys.ts";
import { purchase, type PurchaseOutcome, type PurchaseRequest } from "./purchase.ts";
import { setupBody, setupSecrets, type SetupRequest } from "./setup-request.ts";
import type { ApiRequest, CallOptions, HostingerTransport } from "./transport.ts";
import { backupSchema, metricsSchema, snapshotSchema, type Backup, type Metrics, type Snapshot } from "./vm-data.ts";
import { virtualMachineSchema, type VirtualMachine } from "./virtual-machine.ts";
import { vmList, type VmList } from "./vm-list.ts";

/** OpenAPI, `VPS.V1.VirtualMachine.RecreateRequest`. */
export interface RecreateRequest {
  readonly templateId: number;
  /** Root's; at least 12 characters. Secret. Made up by Hostinger if missing. */
  readonly password?: string;
  /** For templates with a panel; at least 12 characters. Secret. */
  readonly panelPassword?: string;
  readonly postInstallScriptId?: number;
}

export interface Nameservers {
  readonly ns1: string;
  readonly ns2?: string;
  readonly ns3?: string;
}

const ROOT = "/api/vps/v1/virtual-machines";

export function virtualMachineCalls(transport: HostingerTransport, purchaseTimeoutMs: number) {
  const act = (method: ApiRequest["method"], path: string, call?: CallOptions, rest: Partial<ApiRequest> = {}): Promise<Action> =>
    transport.call(actionSchema, { method, path: `${ROOT}/${path}`, ...rest }, call);

  return {
    /** Buys. What became of it is the value: see `purchase.ts`. Ends with no signal but its own, for one in flight is better finished than cut off. */
    purchase: (request: PurchaseRequest, call: CallOptions = {}): Promise<PurchaseOutcome> =>
      purchase(transport, request, { signal: null, ...call, timeoutMs: call.timeoutMs ?? purchaseTimeoutMs }),
    /** All of the account that can be read: this list is not paged. Who concludes from what is not there needs `listEntries`. */
    list: async (call?: CallOptions): Promise<VirtualMachine[]> => vmList(await transport.call(z.array(z.unknown()), { method: "GET", path: ROOT }, call)).vms,
    /** The same, with the entries that cannot be read. */
    listEntries: async (call?: CallOptions): Promise<VmList> => vmList(await transport.call(z.array(z.unknown()), { method: "GET", path: ROOT }, call)),
    get: (id: number, call?: CallOptions): Promise<VirtualMachine> => transport.call(virtualMachineSchema, { method: "GET", path: `${ROOT}/${id}` }, call),
    /** Installs a VM in the state `initial`. */
    setup: (id: number, setup: SetupRequest, call?: CallOptions): Promise<VirtualMachine> =>
      transport.call(virtualMachineSchema, { method: "POST", path: `${ROOT}/${id}/setup`, body: setupBody(setup), secrets: setupSecrets(setup) }, call),

    start: (id: number, call?: CallOptions) => act("POST", `${id}/start`, call),
    stop: (id: number, call?: CallOptions) => act("POST", `${id}/stop`, call),
    restart: (id: number, call?: CallOptions) => act("POST", `${id}/restart`, call),
    /** Wipes the VM and installs it anew. */
    recreate: (id: number, request: RecreateRequest, call?: CallOptions) =>
      act("POST", `${id}/recreate`, call, {
        body: {
          template_id: request.templateId,
          password: request.password,
          panel_password: request.panelPassword,
          post_install_script_id: request.postInstallScriptId,
        },
        secrets: [request.password, request.panelPassword].filter((secret) => secret !== undefined),
      }),

    /** The first page (50), or all; newest first. */
    actions: async (id: number, { allPages = false, ...call }: CallOptions & { readonly allPages?: boolean } = {}): Promise<Action[]> => {
      const actions = await listPages(transport, `${ROOT}/${id}/actions`, actionSchema, call, allPages ? undefined : 1);
      return actions.sort((a, b) => b.id - a.id);
    },
    action: (id: number, actionId: number, call?: CallOptions) => act("GET", `${id}/actions/${actionId}`, call),

    setHostname: (id: number, hostname: string, call?: CallOptions) => act("PUT", `${id}/hostname`, call, { body: { hostname } }),
    /** Back to Hostinger's own: `srv17923.hstgr.cloud`. */
    resetHostname: (id: number, call?: CallOptions) => act("DELETE", `${id}/hostname`, call),
    /** At least 12 characters, checked against leaked ones. */
    setRootPassword: (id: number, password: string, call?: CallOptions) =>
      act("PUT", `${id}/root-password`, call, { body: { password }, secrets: [password] }),
    setNameservers: (id: number, { ns1, ns2, ns3 }: Nameservers, call?: CallOptions) => act("PUT", `${id}/nameservers`, call, { body: { ns1, ns2, ns3 } }),
    /** Creates or replaces the reverse entry of one of the VM's addresses. */
    setPtr: (id: number, ipAddressId: number, domain: string, call?: CallOptions) =>
      act("POST", `${id}/ptr/${ipAddressId}`, call, { body: { domain }, repeatable: true }),
    deletePtr: (id: number, ipAddressId: number, call?: CallOptions) => act("DELETE", `${id}/ptr/${ipAddressId}`, call),
    /** Attached SSH keys; undefined where the API answers 404, as it does in reality. */
    publicKeys: (id: number, call?: CallOptions): Promise<PublicKey[] | undefined> =>
      undefinedIfNotFound(listPages(transport, `${ROOT}/${id}/public-keys`, publicKeySchema, call)),

    snapshot: {
      /** Undefined where there is none. */
      get: (id: number, call?: CallOptions): Promise<Snapshot | undefined> =>
        undefinedIfNotFound(transport.call(snapshotSchema, { method: "GET", path: `${ROOT}/${id}/snapshot` }, call)),
      /** Replaces an older one. */
      create: (id: number, call?: CallOptions) => act("POST", `${id}/snapshot`, call),
      delete: (id: number, call?: CallOptions) => act("DELETE", `${id}/snapshot`, call),
      restore: (id: number, call?: CallOptions) => act("POST", `${id}/snapshot/restore`, call),
    },
    /** All pages. */
    backups: (id: number, call?: CallOptions): Promise<Backup[]> => listPages(transport, `${ROOT}/${id}/backups`, backupSchema, call),
    metrics: (id: number, from: Date, to: Date, call?: CallOptions): Promise<Metrics> =>
      transport.call(metricsSchema, { method: "GET", path: `${ROOT}/${id}/metrics`, query: { date_from: from.toISOString(), date_to: to.toISOString() } }, call),
  };
}
