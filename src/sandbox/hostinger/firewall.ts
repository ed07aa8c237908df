import type { ApiRequest, Route } from "../http/router.ts";
import { ok } from "../http/router.ts";
import type { Firewall, FirewallRule } from "../model.ts";
import { act, assertMayAct, numberOf, page, vmOf } from "./context.ts";
import type { Context } from "./context.ts";
import { HostingerError, notFound } from "./error.ts";
import { Input } from "./input.ts";
import { firewallRuleShape, firewallShape } from "./shapes.ts";

const PROTOCOLS = [
  "TCP", "UDP", "ICMP", "GRE", "any", "ESP", "AH", "ICMPv6", "SSH", "HTTP", "HTTPS", "MySQL", "PostgreSQL",
];
const ALL = "/api/vps/v1/firewall";
const ONE = `${ALL}/{firewallId}`;

/** Firewall groups and their rules; a changed group has to be synced to its VMs. */
export function firewallRoutes(context: Context): Route[] {
  const { world } = context;
  const firewallOf = (request: ApiRequest): Firewall => {
    const id = numberOf(request, "firewallId");
    const found = world.state.firewalls.find((one) => one.id === id);
    if (found === undefined) throw notFound("Firewall");
    return found;
  };
  const ruleOf = (firewall: Firewall, request: ApiRequest): FirewallRule => {
    const id = numberOf(request, "ruleId");
    const found = firewall.rules.find((one) => one.id === id);
    if (found === undefined) throw notFound("Firewall rule");
    return found;
  };
  const touch = (firewall: Firewall) => {
    firewall.synced = false;
    firewall.updatedAt = world.now();
    world.changed();
  };
  /** Brings the rules to every VM of the firewall; it is synced when they all have them. */
  const syncAll = (firewall: Firewall) => {
    const vms = world.state.vms.filter((vm) => vm.firewallId === firewall.id);
    for (const vm of vms) assertMayAct(vm);
    for (const vm of vms) context.lifecycle.startAction(vm, "sync_firewall", { firewallId: firewall.id });
    if (vms.length === 0) firewall.synced = true;
    world.changed();
  };
  const route = (method: string, pattern: string, handler: Route["handler"]): Route => ({ method, pattern, handler });

  return [
    route("GET", ALL, (request) => page(request, world.state.firewalls, firewallShape)),
    route("POST", ALL, ({ body }) => {
      const input = new Input(body);
      const name = input.string("name", { required: true }) ?? "";
      input.check();
      const now = world.now();
      const firewall: Firewall = { id: world.newId(), name, synced: true, rules: [], createdAt: now, updatedAt: now };
      world.state.firewalls.push(firewall);
      world.changed();
      return ok(firewallShape(firewall));
    }),
    route("GET", ONE, (request) => ok(firewallShape(firewallOf(request)))),
    route("DELETE", ONE, (request) => {
      const firewall = firewallOf(request);
      world.state.firewalls = world.state.firewalls.filter((one) => one !== firewall);
      for (const vm of world.state.vms) if (vm.firewallId === firewall.id) vm.firewallId = null;
      world.changed();
      return ok({ message: "Request accepted" });
    }),
    route("POST", `${ONE}/rules`, (request) => {
      const firewall = firewallOf(request);
      const rule = { id: world.newId(), ...readRule(request.body) };
      firewall.rules.push(rule);
      touch(firewall);
      return ok(firewallRuleShape(rule));
    }),
    route("PUT", `${ONE}/rules`, (request) => {
      const firewall = firewallOf(request);
      const input = new Input(request.body);
      const rules = input.objects("rules", { required: true })?.map(readRuleFields) ?? [];
      const sync = input.boolean("sync") ?? false;
      input.check();
      const before = firewall.rules;
      firewall.rules = rules.map((rule) => before.find((one) => isSameRule(one, rule)) ?? { id: world.newId(), ...rule });
      touch(firewall);
      if (sync) syncAll(firewall);
      return ok(firewallShape(firewall));
    }),
    route("POST", `${ONE}/sync`, (request) => {
      syncAll(firewallOf(request));
      return ok({ message: "Request accepted" });
    }),
    route("PUT", `${ONE}/rules/{ruleId}`, (request) => {
      const firewall = firewallOf(request);
      const rule = Object.assign(ruleOf(firewall, request), readRule(request.body));
      touch(firewall);
      return ok(firewallRuleShape(rule));
    }),
    route("DELETE", `${ONE}/rules/{ruleId}`, (request) => {
      const firewall = firewallOf(request);
      const rule = ruleOf(firewall, request);
      firewall.rules = firewall.rules.filter((one) => one !== rule);
      touch(firewall);
      return ok({ message: "Request accepted" });
    }),
    route("POST", `${ONE}/activate/{virtualMachineId}`, (request) => {
      const firewallId = firewallOf(request).id;
      return act(context, vmOf(context, request), "activate_firewall", { firewallId });
    }),
    ...["deactivate", "sync"].map((verb) =>
      route("POST", `${ONE}/${verb}/{virtualMachineId}`, (request) => {
        const firewallId = firewallOf(request).id;
        const vm = vmOf(context, request);
        if (vm.firewallId !== firewallId) throw new HostingerError(422, "Firewall is not active on this virtual machine");
        return act(context, vm, `${verb}_firewall`, { firewallId });
      }),
    ),
  ];
}

function isSameRule(a: Omit<FirewallRule, "id">, b: Omit<FirewallRule, "id">): boolean {
  return a.protocol === b.protocol && a.port === b.port && a.source === b.source && a.sourceDetail === b.sourceDetail;
}

function readRule(body: unknown): Omit<FirewallRule, "id"> {
  const input = new Input(body);
  const rule = readRuleFields(input);
  input.check();
  return rule;
}

/** What is wrong is left for `input.check()`. */
function readRuleFields(input: Input): Omit<FirewallRule, "id"> {
  const rule = {
    protocol: input.oneOf("protocol", PROTOCOLS, { required: true }) ?? "",
    port: input.string("port", { required: true }) ?? "",
    source: input.oneOf("source", ["any", "custom"], { required: true }) ?? "",
    sourceDetail: input.string("source_detail", { required: true }) ?? "",
  };
  if (rule.port !== "" && !/^(?:any|\d{1,5}(?::\d{1,5})?)$/.test(rule.port)) {
    input.refuse("port", "The port must be a port or a port range.");
  }
  return rule;
}
