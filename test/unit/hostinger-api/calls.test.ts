import assert from "node:assert/strict";
import { describe, it } from "vitest";

import type { HostingerClient } from "../../../providers/hostinger/api/client.ts";
import { actionJson, startApiServer, vmJson } from "./api-server.ts";

const VM = "/api/vps/v1/virtual-machines";
const page = (item: unknown) => ({ data: [item], meta: { current_page: 1, per_page: 50, total: 1 } });
const scriptJson = { id: 5, name: "alice", content: "#!/bin/sh", created_at: null, updated_at: null };
const keyJson = { id: 6, name: "deploy", key: "ssh-ed25519 AAAA" };
const ruleJson = { id: 8, action: "accept", protocol: "TCP", port: "443", source: "any", source_detail: "any" };
const firewallJson = { id: 7, name: "web", is_synced: true, rules: [ruleJson], created_at: null, updated_at: null };
const subscriptionJson = { id: "Azz1", name: "KVM 1", status: "active", is_auto_renewed: true };
const rule = { protocol: "TCP", port: "443", source: "any", sourceDetail: "any" } as const;
const ruleBody = { protocol: "TCP", port: "443", source: "any", source_detail: "any" };
const setup = { templateId: 1007, dataCenterId: 9, password: "Fake-Password-For-Tests" };

type Run = (client: HostingerClient) => Promise<unknown>;
/** Call, the request it must make, its body, the answer. */
const CALLS: [Run, string, unknown, unknown][] = [
  [(c) => c.catalog.list({ category: "VPS", name: "KVM*" }), "GET /api/billing/v1/catalog?category=VPS&name=KVM*", undefined, []],
  [(c) => c.catalog.list(), "GET /api/billing/v1/catalog", undefined, []],
  [(c) => c.dataCenters.list(), "GET /api/vps/v1/data-centers", undefined, []],
  [(c) => c.templates.list(), "GET /api/vps/v1/templates", undefined, []],
  [(c) => c.templates.get(1007), "GET /api/vps/v1/templates/1007", undefined, { id: 1007, name: "Ubuntu 22.04 LTS" }],

  [(c) => c.scripts.list(), "GET /api/vps/v1/post-install-scripts?page=1", undefined, page(scriptJson)],
  [(c) => c.scripts.get(5), "GET /api/vps/v1/post-install-scripts/5", undefined, scriptJson],
  [(c) => c.scripts.create({ name: "alice", content: "x" }), "POST /api/vps/v1/post-install-scripts", { name: "alice", content: "x" }, scriptJson],
  [(c) => c.scripts.update(5, { name: "alice", content: "x" }), "PUT /api/vps/v1/post-install-scripts/5", { name: "alice", content: "x" }, scriptJson],
  [(c) => c.scripts.delete(5), "DELETE /api/vps/v1/post-install-scripts/5", undefined, { message: "Request accepted" }],

  [(c) => c.virtualMachines.list(), `GET ${VM}`, undefined, [vmJson]],
  [(c) => c.virtualMachines.get(1), `GET ${VM}/1`, undefined, vmJson],
  [(c) => c.virtualMachines.setup(1, setup), `POST ${VM}/1/setup`, { template_id: 1007, data_center_id: 9, password: "Fake-Password-For-Tests" }, vmJson],
  [(c) => c.virtualMachines.start(1), `POST ${VM}/1/start`, undefined, actionJson],
  [(c) => c.virtualMachines.stop(1), `POST ${VM}/1/stop`, undefined, actionJson],
  [(c) => c.virtualMachines.restart(1), `POST ${VM}/1/restart`, undefined, actionJson],
  [(c) => c.virtualMachines.recreate(1, { templateId: 1007, postInstallScriptId: 5 }), `POST ${VM}/1/recreate`, { template_id: 1007, post_install_script_id: 5 }, actionJson],
  [(c) => c.virtualMachines.actions(1), `GET ${VM}/1/actions?page=1`, undefined, page(actionJson)],
  [(c) => c.virtualMachines.action(1, 2), `GET ${VM}/1/actions/2`, undefined, actionJson],
  [(c) => c.virtualMachines.setHostname(1, "a.spoq.dev"), `PUT ${VM}/1/hostname`, { hostname: "a.spoq.dev" }, actionJson],
  [(c) => c.virtualMachines.resetHostname(1), `DELETE ${VM}/1/hostname`, undefined, actionJson],
  [(c) => c.virtualMachines.setRootPassword(1, "Fake-Password-For-Tests"), `PUT ${VM}/1/root-password`, { password: "Fake-Password-For-Tests" }, actionJson],
  [(c) => c.virtualMachines.publicKeys(1), `GET ${VM}/1/public-keys?page=1`, undefined, page(keyJson)],
  [(c) => c.virtualMachines.setNameservers(1, { ns1: "1.1.1.1", ns2: "8.8.8.8" }), `PUT ${VM}/1/nameservers`, { ns1: "1.1.1.1", ns2: "8.8.8.8" }, actionJson],
  [(c) => c.virtualMachines.setPtr(1, 2, "a.spoq.dev"), `POST ${VM}/1/ptr/2`, { domain: "a.spoq.dev" }, actionJson],
  [(c) => c.virtualMachines.deletePtr(1, 2), `DELETE ${VM}/1/ptr/2`, undefined, actionJson],
  [(c) => c.virtualMachines.snapshot.get(1), `GET ${VM}/1/snapshot`, undefined, { id: 3, restore_time: 1800 }],
  [(c) => c.virtualMachines.snapshot.create(1), `POST ${VM}/1/snapshot`, undefined, actionJson],
  [(c) => c.virtualMachines.snapshot.delete(1), `DELETE ${VM}/1/snapshot`, undefined, actionJson],
  [(c) => c.virtualMachines.snapshot.restore(1), `POST ${VM}/1/snapshot/restore`, undefined, actionJson],
  [(c) => c.virtualMachines.backups(1), `GET ${VM}/1/backups?page=1`, undefined, page({ id: 4, size: 15240192, restore_time: 3600, location: "nl" })],
  [
    (c) => c.virtualMachines.metrics(1, new Date("2026-01-01T00:00:00Z"), new Date("2026-01-02T00:00:00Z")),
    `GET ${VM}/1/metrics?date_from=2026-01-01T00%3A00%3A00.000Z&date_to=2026-01-02T00%3A00%3A00.000Z`,
    undefined,
    {},
  ],

  [(c) => c.publicKeys.list(), "GET /api/vps/v1/public-keys?page=1", undefined, page(keyJson)],
  [(c) => c.publicKeys.create({ name: "deploy", key: "ssh-ed25519 AAAA" }), "POST /api/vps/v1/public-keys", { name: "deploy", key: "ssh-ed25519 AAAA" }, keyJson],
  [(c) => c.publicKeys.delete(6), "DELETE /api/vps/v1/public-keys/6", undefined, { message: "Request accepted" }],
  [(c) => c.publicKeys.attach(1, [6]), "POST /api/vps/v1/public-keys/attach/1", { ids: [6] }, actionJson],

  [(c) => c.sshKeys.list(1), `GET ${VM}/1/ssh-keys`, undefined, ["ssh-ed25519 AAAA"]],
  [(c) => c.sshKeys.add(1, ["ssh-ed25519 AAAA"]), `POST ${VM}/1/ssh-keys`, { keys: ["ssh-ed25519 AAAA"] }, ["ssh-ed25519 AAAA"]],
  [(c) => c.sshKeys.remove(1, ["ssh-ed25519 AAAA"]), `DELETE ${VM}/1/ssh-keys`, { keys: ["ssh-ed25519 AAAA"] }, []],

  [(c) => c.firewalls.replaceRules(7, [rule], { sync: true }), "PUT /api/vps/v1/firewall/7/rules", { rules: [ruleBody], sync: true }, firewallJson],
  [(c) => c.firewalls.syncAll(7), "POST /api/vps/v1/firewall/7/sync", undefined, { message: "Request accepted" }],
  [(c) => c.firewalls.list(), "GET /api/vps/v1/firewall?page=1", undefined, page(firewallJson)],
  [(c) => c.firewalls.get(7), "GET /api/vps/v1/firewall/7", undefined, firewallJson],
  [(c) => c.firewalls.create("web"), "POST /api/vps/v1/firewall", { name: "web" }, firewallJson],
  [(c) => c.firewalls.delete(7), "DELETE /api/vps/v1/firewall/7", undefined, { message: "Request accepted" }],
  [(c) => c.firewalls.addRule(7, rule), "POST /api/vps/v1/firewall/7/rules", ruleBody, ruleJson],
  [(c) => c.firewalls.updateRule(7, 8, rule), "PUT /api/vps/v1/firewall/7/rules/8", ruleBody, ruleJson],
  [(c) => c.firewalls.deleteRule(7, 8), "DELETE /api/vps/v1/firewall/7/rules/8", undefined, { message: "Request accepted" }],
  [(c) => c.firewalls.activate(7, 1), "POST /api/vps/v1/firewall/7/activate/1", undefined, actionJson],
  [(c) => c.firewalls.deactivate(7, 1), "POST /api/vps/v1/firewall/7/deactivate/1", undefined, actionJson],
  [(c) => c.firewalls.sync(7, 1), "POST /api/vps/v1/firewall/7/sync/1", undefined, actionJson],

  [(c) => c.subscriptions.list(), "GET /api/billing/v1/subscriptions", undefined, [subscriptionJson]],
  [(c) => c.subscriptions.disableAutoRenewal("Azz1"), "DELETE /api/billing/v1/subscriptions/Azz1/auto-renewal/disable", undefined, subscriptionJson],
  [(c) => c.subscriptions.enableAutoRenewal("Azz1"), "PATCH /api/billing/v1/subscriptions/Azz1/auto-renewal/enable", undefined, subscriptionJson],
  [(c) => c.paymentMethods.list(), "GET /api/billing/v1/payment-methods", undefined, []],
];

describe("the client's calls", () => {
  for (const [run, expected, body, json] of CALLS) {
    it(`${String(run).replace(/^\(c\) => c\./, "")} is ${expected}`, async () => {
      await using server = await startApiServer({ json });
      await run(server.client({ retryLimitMs: 0 }));
      assert.deepEqual(server.seen.map(({ method, url }) => `${method} ${url}`), [expected]);
      assert.deepEqual(server.seen[0]?.body, body);
    });
  }
});
