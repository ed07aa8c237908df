/** What the user's stack is made of, in the order in which one needs the other. */
import { byId, h, show } from "./dom.js";
import { copyable, seconds, status, when } from "./text.js";

/** By type: what it needs. As stacks/user-vps.ts has it. */
const NEEDS = { PostInstallScript: ["Credentials"], VirtualMachine: ["PostInstallScript"], HostingerFirewall: ["VirtualMachine"], DnsRecord: ["VirtualMachine"], PtrRecord: ["DnsRecord"], SshHostKey: ["VirtualMachine"], SshLogin: ["SshHostKey"], RemoteScript: ["SshHostKey", "DnsRecord"], HealthCheck: ["DnsRecord", "RemoteScript"], ScriptStub: ["HealthCheck"] };
const STATES = { create: "made", update: "changed", replace: "made anew", same: "as it was", read: "read", delete: "removed", "delete-replaced": "removed" };
const LEFT_OUT = new Set(["UserVps"]);

/** @param runs newest first; each resource is as the newest run that came to it left it */
export function showResources(runs) {
  const newest = new Map();
  for (const { resources, startedAt } of runs) {
    for (const resource of (resources ?? []).toReversed()) if (!newest.has(resource.name) && !LEFT_OUT.has(resource.type)) newest.set(resource.name, { ...resource, at: startedAt });
  }
  const known = inOrder([...newest.values()]);
  show(byId("resources"), known, () => (known.length > 0 ? known.map((resource) => node(resource, known)) : h("li", { class: "quiet" }, "None yet.")));
}

const depth = (type, seen = []) => (seen.includes(type) ? 0 : Math.max(0, ...(NEEDS[type] ?? []).map((need) => 1 + depth(need, [...seen, type]))));

function inOrder(resources) {
  return resources.toSorted((a, b) => depth(a.type) - depth(b.type) || a.name.localeCompare(b.name));
}

function node({ name, type, operation, seconds: took, id, outputs, at }, all) {
  const isFailed = operation.endsWith(" failed");
  const needs = (NEEDS[type] ?? []).filter((need) => all.some((other) => other.type === need));
  const known = Object.entries(outputs);
  return h("li", { class: isFailed ? "failed" : "", "data-resource": name },
    h("div", { class: "node-head" }, h("strong", {}, name), h("span", { class: "quiet" }, type), status(isFailed ? "failed" : "succeeded", isFailed ? operation : (STATES[operation] ?? operation))),
    h("div", { class: "quiet" }, seconds(took), ", ", when(at), needs.length > 0 && `; needs ${needs.join(" and ")}`),
    id && h("div", {}, "id ", copyable(id)),
    known.length > 0 && h("details", {}, h("summary", {}, `${known.length} outputs`), h("dl", { class: "facts" }, known.flatMap(([output, value]) => [h("dt", {}, output), h("dd", {}, copyable(value))]))));
}
