import { isIP } from "node:net";
import type { ApiRequest, Route } from "../http/router.ts";
import type { Vm } from "../model.ts";
import { act, numberOf, sha256, vmOf } from "./context.ts";
import type { Context } from "./context.ts";
import { HostingerError, notFound } from "./error.ts";
import { Input } from "./input.ts";
import { ONE_MACHINE } from "./virtual-machines.ts";

/** What can be changed in place: host name, passwords, name servers, PTR records, recovery mode. */
export function machineSettingRoutes(context: Context): Route[] {
  /** A route that validates its body, if it has one, and starts an action with what it read. */
  const setting = (method: string, path: string, action: string, read: Read = () => ({})): Route => ({
    method,
    pattern: `${ONE_MACHINE}/${path}`,
    handler: (request) => {
      const vm = vmOf(context, request);
      const input = new Input(request.body);
      const params = read(input, vm, request);
      input.check();
      return act(context, vm, action, params);
    },
  });
  return [
    setting("PUT", "hostname", "set_hostname", (input) => ({ hostname: input.hostname("hostname", { required: true }) })),
    setting("DELETE", "hostname", "reset_hostname"),
    setting("PUT", "root-password", "set_root_password", (input) => ({
      rootPasswordSha256: sha256(input.password("password", { required: true }) ?? ""),
    })),
    setting("PUT", "panel-password", "set_panel_password", (input) => {
      input.password("password", { required: true });
      return {};
    }),
    setting("PUT", "nameservers", "set_nameservers", (input) => ({
      ns1: nameServer(input, "ns1", { required: true }),
      ns2: nameServer(input, "ns2") ?? null,
      ns3: nameServer(input, "ns3") ?? null,
    })),
    setting("POST", "ptr/{ipAddressId}", "set_ptr", (input, vm, request) => {
      assertOwnAddress(vm, request);
      return { domain: input.hostname("domain", { required: true }) };
    }),
    setting("DELETE", "ptr/{ipAddressId}", "reset_ptr", (_input, vm, request) => {
      assertOwnAddress(vm, request);
      return {};
    }),
    setting("POST", "recovery", "start_recovery", (input) => {
      input.password("root_password", { required: true });
      return {};
    }),
    setting("DELETE", "recovery", "stop_recovery", (_input, vm) => {
      if (vm.state !== "recovery") throw new HostingerError(422, "Virtual machine is not in recovery mode");
      return {};
    }),
  ];
}

type Read = (input: Input, vm: Vm, request: ApiRequest) => Record<string, unknown>;

function nameServer(input: Input, field: string, rule = {}): string | undefined {
  const value = input.string(field, rule);
  if (value === undefined || isIP(value) !== 0) return value;
  return input.refuse(field, `The ${field} must be a valid IP address.`);
}

function assertOwnAddress(vm: Vm, request: ApiRequest): void {
  if (vm.ipv4?.id !== numberOf(request, "ipAddressId")) throw notFound("IP address");
}
