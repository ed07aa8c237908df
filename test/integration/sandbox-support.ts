/** What the sandbox's tests share: plain HTTP, nothing of the project's own clients. */
import { readFileSync } from "node:fs";
import { request } from "node:https";
import type { Sandbox, StateView, VmView } from "../../src/sandbox/index.ts";
import { until as untilSo } from "../support/until.ts";

const SCRIPT_FILE = new URL("../unit/sandbox-vm/specification-script.sh", import.meta.url);

/** The product specification's script for one host name. */
export function scriptFor(hostname: string): string {
  return readFileSync(SCRIPT_FILE, "utf8").replace("__HOSTNAME__", hostname).replace(/__[A-Z_]+__/g, "value");
}

// Whatever the APIs answer: the tests say what they expect of it.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Body = any;

export interface Answer {
  status: number;
  headers: Headers;
  body: Body;
}

export async function call(url: string, method: string, token?: string, body?: unknown): Promise<Answer> {
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json", ...authorization },
    signal: AbortSignal.timeout(60_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}

export function hostinger(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<Answer> {
  return call(`${sandbox.hostingerUrl}/api/${path}`, method, sandbox.hostingerToken, body);
}

export function records(sandbox: Sandbox, method: string, path = "", body?: unknown): Promise<Answer> {
  return call(`${sandbox.cloudflareUrl}/zones/${sandbox.zoneId}/dns_records${path}`, method, sandbox.cloudflareToken, body);
}

export async function control(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<Body> {
  const answer = await call(`${sandbox.controlUrl}/${path}`, method, undefined, body);
  if (answer.status !== 200) throw new Error(`control ${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** How many requests the fault has hit so far. */
export async function hitsOf(sandbox: Sandbox, ruleId: number): Promise<number> {
  return ((await control(sandbox, "GET", "faults")) as { id: number; hits: number }[]).find(({ id }) => id === ruleId)?.hits ?? 0;
}

export interface Wish {
  hostname?: string;
  script?: string | null;
  setup?: Record<string, unknown>;
}

/** A request body for a purchase; stores the script first unless it is null. */
export async function purchaseBody(sandbox: Sandbox, { hostname = "alice.spoq.dev", script, setup = {} }: Wish = {}) {
  const content = script ?? scriptFor(hostname);
  const stored = script === null ? undefined : await hostinger(sandbox, "POST", "vps/v1/post-install-scripts", { name: hostname, content });
  const scriptId = stored === undefined ? {} : { post_install_script_id: stored.body.id as number };
  return {
    item_id: "hostingercom-vps-kvm1-usd-1m",
    setup: { template_id: 1007, data_center_id: 9, hostname, password: "SecurePassword123!", ...scriptId, ...setup },
  };
}

/** Buys; answers the VM's id. */
export async function buy(sandbox: Sandbox, wish: Wish = {}): Promise<number> {
  const answer = await hostinger(sandbox, "POST", "vps/v1/virtual-machines", await purchaseBody(sandbox, wish));
  if (answer.status !== 200) throw new Error(`purchase: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body.virtual_machine.id as number;
}

/** Buys, waits until the script has run, points the zone at the VM; answers it. */
export async function provision(sandbox: Sandbox, wish: Wish = {}): Promise<VmView & { address: string }> {
  const id = await buy(sandbox, wish);
  const vm = await until(sandbox, (state) => state.vms.find((one) => one.id === id && one.scriptOutcome !== null && one.address !== null));
  const address = vm.address ?? "";
  await records(sandbox, "POST", "", { name: vm.hostname, type: "A", content: address, ttl: 60, proxied: false });
  const { siteAddress, caddyStarted } = vm.scriptOutcome ?? {};
  if (siteAddress !== null && caddyStarted === true) await until(sandbox, vmIs(id, (one) => one.health !== null));
  return { ...vm, address };
}

/** Waits until something is true of the world; answers it. */
export function until<T>(sandbox: Sandbox, holds: (state: StateView) => T | undefined | false | null): Promise<T> {
  return untilSo("the sandbox", () => holds(sandbox.state()));
}

export function vmIs(id: number, holds: (vm: VmView) => boolean): (state: StateView) => VmView | undefined {
  return (state) => state.vms.find((vm) => vm.id === id && holds(vm));
}

/** GET /health at an address, for a host name; rejects with what TLS or TCP says. */
export function health(sandbox: Sandbox, address: string, servername: string, ca: string | undefined = sandbox.caPem): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const trust = ca === undefined || ca === "" ? {} : { ca };
    const options = { host: address, port: sandbox.httpsPort, servername, path: "/health", agent: false as const, timeout: 60_000, ...trust };
    const sent = request(options, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on("timeout", () => sent.destroy(new Error("timeout")));
    sent.on("error", reject);
    sent.end();
  });
}

/** A sandbox in which nothing takes long. */
export const QUICK = { bootMs: 30, scriptMs: 20, actionMs: 20 };
