/** Firewalls and their rules: /api/vps/v1/firewall. */

import { z } from "zod";

import { actionSchema, type Action } from "./actions.ts";
import { idSchema, momentSchema, textOrNull } from "./fields.ts";
import { listPages } from "./paging.ts";
import type { CallOptions, HostingerTransport } from "./transport.ts";

export const FIREWALL_PROTOCOLS = ["TCP", "UDP", "ICMP", "GRE", "any", "ESP", "AH", "ICMPv6", "SSH", "HTTP", "HTTPS", "MySQL", "PostgreSQL"] as const;

/** OpenAPI, `VPS.V1.Firewall.Rules.StoreRequest`; every rule accepts, all else is dropped. */
export interface FirewallRuleRequest {
  readonly protocol: (typeof FIREWALL_PROTOCOLS)[number];
  /** `443`, a range `1024:2048`, or `any`. */
  readonly port: string;
  readonly source: "any" | "custom";
  /** An address, a CIDR range, or `any`. */
  readonly sourceDetail: string;
}

const ruleSchema = z
  .object({ id: idSchema, action: textOrNull, protocol: z.string(), port: z.string(), source: z.string(), source_detail: textOrNull })
  .transform(({ source_detail, ...rule }) => ({ ...rule, sourceDetail: source_detail }));

const firewallSchema = z
  .object({ id: idSchema, name: z.string(), is_synced: z.boolean().nullish(), rules: z.array(ruleSchema).nullish(), created_at: momentSchema, updated_at: momentSchema })
  .transform((firewall) => ({
    id: firewall.id,
    name: firewall.name,
    /** False while VMs still run with older rules. */
    isSynced: firewall.is_synced ?? false,
    rules: firewall.rules ?? [],
    createdAt: firewall.created_at,
    updatedAt: firewall.updated_at,
  }));

export type FirewallRule = z.output<typeof ruleSchema>;
export type Firewall = z.output<typeof firewallSchema>;

export function firewallCalls(transport: HostingerTransport) {
  const path = "/api/vps/v1/firewall";
  const body = ({ protocol, port, source, sourceDetail }: FirewallRuleRequest) => ({ body: { protocol, port, source, source_detail: sourceDetail } });
  const onVirtualMachine = (what: "activate" | "deactivate" | "sync") => (id: number, virtualMachineId: number, call?: CallOptions): Promise<Action> =>
    transport.call(actionSchema, { method: "POST", path: `${path}/${id}/${what}/${virtualMachineId}` }, call);
  return {
    /** All pages. */
    list: (call?: CallOptions): Promise<Firewall[]> => listPages(transport, path, firewallSchema, call),
    get: (id: number, call?: CallOptions): Promise<Firewall> => transport.call(firewallSchema, { method: "GET", path: `${path}/${id}` }, call),
    create: (name: string, call?: CallOptions): Promise<Firewall> => transport.call(firewallSchema, { method: "POST", path, body: { name } }, call),
    delete: (id: number, call?: CallOptions): Promise<void> => transport.remove(`${path}/${id}`, call),
    /** PUT …/{firewallId}/rules: all rules at once; `sync` brings them to the VMs. */
    replaceRules: (id: number, rules: readonly FirewallRuleRequest[], { sync, ...call }: CallOptions & { readonly sync: boolean }): Promise<Firewall> =>
      transport.call(firewallSchema, { method: "PUT", path: `${path}/${id}/rules`, body: { rules: rules.map((rule) => body(rule).body), sync } }, call),
    /** POST …/{firewallId}/sync: brings the rules to all VMs; `isSynced` tells when they have them. */
    syncAll: async (id: number, call?: CallOptions): Promise<void> => {
      await transport.call(z.looseObject({}), { method: "POST", path: `${path}/${id}/sync`, repeatable: true }, call);
    },
    addRule: (id: number, rule: FirewallRuleRequest, call?: CallOptions): Promise<FirewallRule> =>
      transport.call(ruleSchema, { method: "POST", path: `${path}/${id}/rules`, ...body(rule) }, call),
    updateRule: (id: number, ruleId: number, rule: FirewallRuleRequest, call?: CallOptions): Promise<FirewallRule> =>
      transport.call(ruleSchema, { method: "PUT", path: `${path}/${id}/rules/${ruleId}`, ...body(rule) }, call),
    deleteRule: (id: number, ruleId: number, call?: CallOptions): Promise<void> => transport.remove(`${path}/${id}/rules/${ruleId}`, call),
    /** POST …/{firewallId}/activate/{virtualMachineId}; the other two likewise. */
    activate: onVirtualMachine("activate"),
    deactivate: onVirtualMachine("deactivate"),
    sync: onVirtualMachine("sync"),
  };
}
