/**
 * Everything that wipes a user's data, gives a VPS up, removes what a VPS needs or buys: refused
 * without its explicit confirmation, by the HTTP API, by the command line, and by Pulumi in preview
 * and in `up`.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { findVpsByUserId, requestVps, saveVpsResult, setVpsStatus } from "../../src/records/index.ts";
import { runJson } from "../integration/cli-support.ts";
import type { ErrorDocument } from "../integration/cli-support.ts";
import { assertRefusal } from "../support/assert-refusal.ts";
import { CliWorld } from "../support/cli-world.ts";
import { withListeningApp } from "../support/http-app.ts";
import { asOperator, asUser } from "../support/tokens.ts";

const CHECKOUT = resolve(import.meta.dirname, "..", "..");

/** Calls that cannot be undone. */
const DESTRUCTIVE: Readonly<Record<string, RegExp>> = {
  recreate: /\.recreate\(/,
  purchase: /virtualMachines\.purchase\(/,
  snapshot: /(?:snapshot\.(?:create|delete|restore)|makeSnapshot|calls\.restore)\(/,
  "remove script": /scripts\.delete\(/,
  "give up": /\b(?:giveUp|giveUpVm|wipeVm)\(/,
  "ask to give up": /\brequestGiveUp\(/,
  "ask to wipe or to buy": /\brequestChange\(/,
  "permit to wipe or to buy": /allow(?:Recreate|Replace)Of: String\(/,
  "order to give up": /POST\("\/api\/admin\/vps\/\{username\}\/deprovision"/,
  destroy: /(?:engine|stack)\.destroy\(|inFront\(\["destroy"/,
  unprotect: /"unprotect"|"--ignore-protect"/,
};

/** Where each is called, and what has to confirm it. */
const CONFIRMED_BY: Readonly<Record<string, string>> = {
  "providers/hostinger/purchase/attempt.ts: purchase": "allowPurchase; a signup asks for it, at most once a user",
  "providers/hostinger/purchase/account.ts: remove script": "the record of a purchase that is over",
  "providers/hostinger/recreate.ts: recreate": "allowRecreateOf with the id of this VM, or importWiped and a VM without anybody's host name",
  "providers/hostinger/delete-script.ts: remove script": "pulumi destroy",
  "providers/hostinger/wipe.ts: recreate": "wipeOnDelete; for the service a deprovision with the user name typed again",
  "providers/hostinger/give-up.ts: give up": "the same",
  "providers/hostinger/snapshot.ts: snapshot": "only called by src/provisioning/snapshot.ts and src/releases/take-snapshot.ts",
  "providers/hostinger/virtual-machine-provider.ts: give up": "pulumi destroy, after the protection was taken off; allowReplaceOf with the id of this VM",
  "src/cli/commands/destroy.ts: destroy": "the user name, typed",
  "src/cli/commands/destroy.ts: unprotect": "the same",
  "src/cli/commands/deprovision.ts: order to give up": "the user name, typed",
  "src/cli/commands/script-delete.ts: remove script": "the script's id, typed",
  "src/cli/commands/vm-recreate.ts: recreate": "the VM's host name, typed",
  "src/cli/commands/vm-snapshot.ts: snapshot": "the VM's host name, typed, wherever a snapshot or what was changed since would be lost",
  "src/http/routes/admin-actions.ts: ask to give up": "the user name as `confirm`",
  "src/http/routes/admin-changes.ts: ask to wipe or to buy": "the user name as `confirm`",
  "src/provisioning/apply-change.ts: permit to wipe or to buy": "a recorded change, for the VM that it names",
  "src/provisioning/automation-engine.ts: destroy": "only called by destroy.ts of the same folder",
  "src/provisioning/automation-engine.ts: unprotect": "the same",
  "src/provisioning/destroy.ts: destroy": "a recorded deprovision that is due",
  "src/provisioning/destroy.ts: give up": "the same; wipes only if that was recorded",
  "src/provisioning/give-up/give-up-vm.ts: give up": "the same",
  "src/provisioning/give-up/replaced-vms.ts: give up": "the same; a VM that has somebody else's host name by now is left alone",
  "src/pool/retire.ts: ask to give up": "an operator's drain of the pool, its failed member or its term: of a VM that nobody has been given; or a wish for which nothing was bought",
  "src/provisioning/pool/leave-member.ts: destroy": "the VM's own fault while a user takes it over from a pool: nobody has used it",
  "src/provisioning/pool/let-member-go.ts: destroy": "leavesVm: the stack of the pool's member ends, its VM is the user's",
  "src/provisioning/restore.ts: snapshot": "the user's own order, where USER_ACTIONS allows it; a run that was cut off is not repeated",
  "src/provisioning/snapshot.ts: snapshot": "the user name as `confirm` of POST /api/admin/vps/{username}/snapshot",
  "src/releases/take-snapshot.ts: snapshot": "`snapshot` of a roll-out, whose version is typed as `confirm`",
};

describe("what cannot be undone", () => {
  it("is called only where this file knows of its confirmation", () => {
    const found: string[] = [];
    for (const folder of ["providers", "stacks", "src"]) {
      for (const path of readdirSync(join(CHECKOUT, folder), { recursive: true, encoding: "utf8" })) {
        const file = `${folder}/${path}`;
        if (!file.endsWith(".ts") || file.startsWith("src/sandbox/")) continue;
        const code = readFileSync(join(CHECKOUT, file), "utf8").replaceAll(/export (?:async )?function \w+\(/g, "");
        for (const [name, pattern] of Object.entries(DESTRUCTIVE)) if (pattern.test(code)) found.push(`${file}: ${name}`);
      }
    }
    assert.deepEqual(found.toSorted(), Object.keys(CONFIRMED_BY).toSorted());
  });
});

describe("by the HTTP API", async () => {
  const { app, pool, jobs, address } = await withListeningApp();
  const deprovision = async (headers: Record<string, string>, payload?: object) => app.inject({ method: "POST", url: "/api/admin/vps/amy/deprovision", headers, ...(payload && { payload }) });

  it("giving up is refused without the user name, with another one, and to anybody but an operator", async () => {
    await requestVps(pool, { userId: "user_amy", username: "amy", hostname: "amy.spoq.dev", plan: "kvm1", templateId: 1007, dataCenterId: 9, sshPublicKey: null });
    await setVpsStatus(pool, "user_amy", { status: "ready" });
    const operator = await asOperator();
    assertRefusal(await deprovision(operator), 400, "REQUEST_INVALID");
    assertRefusal(await deprovision(operator, {}), 400, "REQUEST_INVALID");
    for (const confirm of ["", "Amy", "amy ", "bea"]) assertRefusal(await deprovision(operator, { confirm }), 422, "CONFIRMATION_WRONG");
    assertRefusal(await deprovision(await asUser("amy"), { confirm: "amy" }), 403, "SCOPE_MISSING");
    assert.deepEqual([jobs.enqueued, (await findVpsByUserId(pool, "user_amy"))?.status], [[], "ready"]);
    assert.equal((await pool.query("SELECT FROM vps_give_ups")).rowCount, 0);
  });

  it("a snapshot, which replaces the earlier one, is refused without the user name, with another one, and to anybody but an operator", async () => {
    await saveVpsResult(pool, "user_amy", { hostingerVmId: 17_923 });
    const snapshot = async (headers: Record<string, string>, payload?: object) => app.inject({ method: "POST", url: "/api/admin/vps/amy/snapshot", headers, ...(payload && { payload }) });
    const operator = await asOperator();
    assertRefusal(await snapshot(operator), 400, "REQUEST_INVALID");
    assertRefusal(await snapshot(operator, {}), 400, "REQUEST_INVALID");
    for (const confirm of ["", "Amy", "amy ", "bea"]) assertRefusal(await snapshot(operator, { confirm }), 422, "CONFIRMATION_WRONG");
    assertRefusal(await snapshot(await asUser("amy"), { confirm: "amy" }), 403, "SCOPE_MISSING");
    assert.deepEqual(jobs.enqueued, []);
  });

  it("user-vps deprovision and snapshot are refused where nobody can be asked, and with another name", async () => {
    const env = { USER_VPS_URL: address, USER_VPS_TOKEN: (await asOperator()).authorization.replace("Bearer ", "") };
    for (const command of [["deprovision", "amy", "--reason", "x"], ["deprovision", "amy", "--reason", "x", "--keep-data"], ["snapshot", "amy"]]) {
      for (const confirm of [[], ["--confirm", "bea"], ["--confirm", ""]]) await runJson<ErrorDocument>([...command, ...confirm], { env, code: 3 });
    }
    assert.deepEqual([jobs.enqueued, (await findVpsByUserId(pool, "user_amy"))?.status], [[], "ready"]);
  });
});

describe("by the command line and by Pulumi", () => {
  const USER = "e2e-dana";
  const HOSTNAME = `${USER}.spoq.dev`;
  let world: CliWorld;
  let untouchedWorld: string;

  beforeAll(async () => {
    world = await CliWorld.open({ warm: true, bootMs: 100, scriptMs: 50, actionMs: 20 });
    await world.newStack(USER);
    const { code, text } = await world.up(USER);
    assert.equal(code, 0, text);
    // There is one to lose.
    await runJson(["vm", "snapshot-create", String(vm().id)], { env: world.env });
    untouchedWorld = seen();
  });
  afterAll(() => world.close());

  const vm = () => world.sandbox.state().vms[0]!;
  const scriptId = () => String(world.sandbox.state().scripts[0]!.id);
  /** All that a destructive operation would have changed. */
  function seen(): string {
    const { purchases, vms, records, scripts } = world.sandbox.state();
    // What a stored script holds only matters to the next VM that is set up with it.
    return JSON.stringify({ purchases, records, scripts: scripts.map(({ id, name }) => ({ id, name })), vms: vms.map(({ id, state, autoRenewed, hostname, actions, rootPasswordSha256 }) => ({ id, state, autoRenewed, hostname, actions, rootPasswordSha256 })) });
  }
  const untouched = () => assert.equal(seen(), untouchedWorld);

  const commands: [string, () => string[], string][] = [
    ["destroy", () => ["destroy", USER], "another"],
    ["vm recreate", () => ["vm", "recreate", String(vm().id)], "another.spoq.dev"],
    ["vm snapshot-create over an earlier one", () => ["vm", "snapshot-create", String(vm().id)], "another.spoq.dev"],
    ["vm snapshot-restore", () => ["vm", "snapshot-restore", String(vm().id)], "another.spoq.dev"],
    ["vm snapshot-delete", () => ["vm", "snapshot-delete", String(vm().id)], "another.spoq.dev"],
    ["script delete", () => ["script", "delete", scriptId()], "1"],
  ];
  for (const [name, args, wrong] of commands) {
    it(`user-vps ${name} is refused where nobody can be asked, and with another name`, async () => {
      const wrongly = [[], ["--confirm", wrong], ["--confirm", ""]];
      await Promise.all(wrongly.map((confirm) => runJson<ErrorDocument>([...args(), ...confirm], { env: world.env, code: 3 })));
      untouched();
    });
  }

  it("user-vps vm create buys nothing where nobody can be asked, without a limit to --yes, nor above it", async () => {
    for (const more of [[], ["--yes"], ["--yes", "--max-price-cents", "1"]]) {
      await runJson<ErrorDocument>(["vm", "create", "other.spoq.dev", ...more], { env: world.env, code: 3 });
    }
    untouched();
  });

  it("user-vps up makes no changes where nobody can be asked", async () => {
    await runJson<ErrorDocument>(["up", USER, "--set", "autoRenew=false"], { env: world.env, code: 3 });
    untouched();
  });

  const changes: [string, string, string, RegExp][] = [
    ["another template, which would wipe", "templateId", "1002", /CHANGE_REFUSED: templateId .*wiped.*allowRecreateOf/s],
    ["another script, which would wipe", "conductorUrl", "https://downloads.example.com/other", /CHANGE_REFUSED: postInstallFingerprint .*wiped.*allowRecreateOf/s],
    ["another installation, which would wipe", "recreation", "1", /CHANGE_REFUSED: recreation none -> 1 .*wiped.*allowRecreateOf/s],
    ["another plan, which would buy", "plan", "hostingercom-vps-kvm2-usd-1m", /CHANGE_REFUSED: plan .*buy another VM.*allowReplaceOf/s],
    ["another data center, which would buy", "dataCenterId", "19", /CHANGE_REFUSED: dataCenterId .*buy another VM.*allowReplaceOf/s],
  ];
  for (const [what, setting, value, refusal] of changes) {
    it(`${what}, is refused in preview and in up, also with a switch that names another VM`, async () => {
      const stack = ["--stack", USER];
      const another = ["--config", `user-vps:allowRecreateOf=${vm().id + 1}`, "--config", `user-vps:allowReplaceOf=${vm().id + 1}`];
      await world.set(USER, { [setting]: value });
      // What `--config` names is kept: the last run is under way with the other VM's switch.
      for (const run of [["preview"], ["preview", ...another], ["up", "--yes", "--skip-preview"]]) {
        const { code, text } = await world.pulumi(...run, ...stack);
        assert.notEqual(code, 0, text);
        assert.match(text, refusal);
      }
      await world.ok("config", "rm-all", setting, "allowRecreateOf", "allowReplaceOf", ...stack);
      untouched();
    });
  }

  it("pulumi destroy is refused while VM and credentials are protected", async () => {
    const { code, text } = await world.pulumi("destroy", "--yes", "--skip-preview", "--stack", USER);
    assert.notEqual(code, 0);
    assert.match(text, /protect/);
    untouched();
  });

  it("a stack with allowPurchase=false buys nothing", async () => {
    await world.newStack("e2e-dora", { allowPurchase: "false" });
    const { code, text } = await world.up("e2e-dora");
    assert.notEqual(code, 0);
    assert.match(text, /PURCHASE_NOT_ALLOWED/);
    assert.equal(world.purchasesOf("e2e-dora.spoq.dev"), 0);
  });

  it("importWiped takes no VM that still has a host name", async () => {
    await world.newStack("e2e-dina", { importVmId: String(vm().id), importWiped: "true" });
    const { code, text } = await world.up("e2e-dina");
    assert.notEqual(code, 0);
    assert.match(text, /VM_MISMATCH.*it is not a wiped one/s);
    assert.deepEqual([vm().hostname, vm().actions.some(({ name }) => name === "recreate")], [HOSTNAME, false]);
  });
});
