import { createHash } from "node:crypto";
import type { ApiAnswer, ApiRequest } from "../http/router.ts";
import { ok } from "../http/router.ts";
import type { Vm } from "../model.ts";
import type { Lifecycle } from "../vm/lifecycle.ts";
import type { World } from "../world.ts";
import { HostingerError, locked, notFound } from "./error.ts";
import { actionShape } from "./shapes.ts";

const PER_PAGE = 50;

/** What every resource's routes are given. */
export interface Context {
  world: World;
  lifecycle: Lifecycle;
}

/** The VM named in the path, or 404. */
export function vmOf({ world }: Context, request: ApiRequest): Vm {
  const vm = world.findVm(numberOf(request, "virtualMachineId"));
  if (vm === undefined) throw notFound("Virtual machine");
  return vm;
}

/** The number in the path, or 404: the real API knows no other ids. */
export function numberOf(request: ApiRequest, name: string): number {
  const text = request.params[name] ?? "";
  if (!/^\d{1,15}$/.test(text)) throw new HostingerError(404, "Not Found");
  return Number(text);
}

/** Starts an action on a VM that may be acted on, and answers it. */
export function act({ lifecycle }: Context, vm: Vm, name: string, params: Record<string, unknown> = {}): ApiAnswer {
  assertMayAct(vm);
  return ok(actionShape(lifecycle.startAction(vm, name, params)));
}

export function assertMayAct(vm: Vm): void {
  if (vm.locked) throw locked();
  if (vm.state === "initial") throw new HostingerError(422, "Virtual machine is not set up yet");
  if (vm.state === "suspended") throw new HostingerError(422, "Virtual machine is suspended");
}

/** `{data, meta}` with 50 things a page; the page is 1 if the query names none. */
export function page<T, S>(request: ApiRequest, things: T[], shape: (thing: T) => S): ApiAnswer {
  const number = Math.max(1, Number.parseInt(request.query.get("page") ?? "1", 10) || 1);
  const data = things.slice((number - 1) * PER_PAGE, number * PER_PAGE).map(shape);
  return ok({ data, meta: { current_page: number, per_page: PER_PAGE, total: things.length } });
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
