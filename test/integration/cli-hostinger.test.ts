import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { startSandbox } from "../../src/sandbox/index.ts";
import { runCli, runJson, temporaryFolder } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";

interface Vm {
  readonly id: number;
  readonly hostname: string;
  readonly state: string;
  readonly ipv4: readonly { readonly address: string }[];
}

describe("user-vps: Hostinger's account", async () => {
  const folder = temporaryFolder();
  const sandbox = await startSandbox({ dataDir: folder, bootMs: 100, scriptMs: 50, actionMs: 50 });
  afterAll(() => sandbox.close());
  const { HOSTINGER_API_BASE_URL, HOSTINGER_API_KEY } = sandbox.env;
  const env = { HOSTINGER_API_BASE_URL, HOSTINGER_API_KEY };
  const secretLine = "echo fake-secret-in-a-script";
  const file = (name: string, content?: string) => {
    const path = join(folder, name);
    if (content !== undefined) writeFileSync(path, content);
    return path;
  };
  const buy = (hostname: string, ...more: string[]) => runJson<{ how: string; orderId: string | null; vm: Vm }>(["vm", "create", hostname, "--yes", "--max-price-cents", "1399", ...more], { env });

  it("plans shows the catalog's items with first and later price", async () => {
    const { code, stdout } = await runCli(["plans"], { env });
    assert.equal(code, 0);
    assert.match(stdout, /hostingercom-vps-kvm1-usd-1m +KVM 1 +1 month +4\.99 USD +13\.99 USD/);
    const items = await runJson<{ prices: { id: string; priceCents: number }[] }[]>(["plans"], { env });
    assert.deepEqual(items.flatMap(({ prices }) => prices.map(({ priceCents }) => priceCents)), [1399, 1799, 2999, 5999]);
  });

  it("data-centers shows each with its id", async () => {
    assert.match((await runCli(["data-centers"], { env })).stdout, /^9 +phx +Phoenix +us/m);
    assert.ok((await runJson<{ id: number }[]>(["data-centers"], { env })).some(({ id }) => id === 9));
  });

  it("templates shows each with its id", async () => {
    assert.match((await runCli(["templates"], { env })).stdout, /^1007 +Ubuntu 22\.04 LTS/m);
    assert.ok((await runJson<{ id: number }[]>(["templates"], { env })).some(({ id }) => id === 1007));
  });

  it("a script is created from standard input or a file, listed, shown, saved and removed, and its content is never printed", async () => {
    const fromInput = await runJson<{ id: number }>(["script", "create", "from-input"], { env, input: `#!/bin/sh\n${secretLine}\n` });
    const fromFile = await runCli(["script", "create", "from-file", "--file", file("hello.sh", `${secretLine}\n`)], { env });
    assert.match(fromFile.stdout, /^Script \d+ 'from-file' is stored\.$/m);

    const listed = await runJson<{ name: string; bytes: number }[]>(["script", "list"], { env });
    assert.deepEqual(listed.map(({ name }) => name), ["from-input", "from-file"]);
    const shown = await runCli(["script", "show", String(fromInput.id)], { env });
    assert.match(shown.stdout, /name +from-input/);
    const saved = file("saved.sh");
    const view = await runJson<{ sha256: string }>(["script", "show", String(fromInput.id), "--save", saved], { env });
    assert.match(view.sha256, /^[0-9a-f]{64}$/);
    assert.equal(readFileSync(saved, "utf8"), `#!/bin/sh\n${secretLine}\n`);
    assert.equal(statSync(saved).mode & 0o777, 0o600);
    const twice = await runJson<ErrorDocument>(["script", "show", String(fromInput.id), "--save", saved], { env, code: 2 });
    assert.match(twice.error.next, /does not exist yet/);

    const refused = await runCli(["script", "delete", String(fromInput.id)], { env });
    assert.equal(refused.code, 3);
    assert.deepEqual(await runJson(["script", "delete", String(fromInput.id), "--confirm", String(fromInput.id)], { env }), { id: fromInput.id, name: "from-input", deleted: true });
    assert.deepEqual((await runJson<{ name: string }[]>(["script", "list"], { env })).map(({ name }) => name), ["from-file"]);
    for (const { stdout, stderr } of [fromFile, shown, refused]) assert.doesNotMatch(stdout + stderr, /fake-secret-in-a-script/);
  });

  it("a script over 48 KB is refused before anything is sent", async () => {
    const { error } = await runJson<ErrorDocument>(["script", "create", "large"], { env, input: "x".repeat(48 * 1024 + 1), code: 1 });
    assert.equal(error.code, "SCRIPT_TOO_LARGE");
    assert.ok(!(await runJson<{ name: string }[]>(["script", "list"], { env })).some(({ name }) => name === "large"));
  });

  it("vm create buys, waits until it runs, and puts root's password into a file for the owner alone", async () => {
    const passwordFile = file("root.password");
    const { how, orderId, vm } = await buy("one.spoq.dev", "--password-file", passwordFile, "--data-center", "19", "--plan", "kvm1");
    assert.equal(how, "bought");
    assert.ok(orderId);
    assert.equal(vm.state, "running");
    assert.ok(vm.ipv4[0]?.address);
    assert.equal(statSync(passwordFile).mode & 0o777, 0o600);
    assert.match(readFileSync(passwordFile, "utf8"), /^\S{12,}\n$/);
  });

  it("vm list, get and actions tell of it", async () => {
    const [vm] = await runJson<Vm[]>(["vm", "list"], { env });
    assert.match((await runCli(["vm", "list"], { env })).stdout, /one\.spoq\.dev +running +KVM 1/);
    assert.equal((await runJson<Vm>(["vm", "get", String(vm!.id)], { env })).hostname, "one.spoq.dev");
    assert.match((await runCli(["vm", "get", String(vm!.id)], { env })).stdout, /^state +running$/m);
    assert.ok(Array.isArray(await runJson(["vm", "actions", String(vm!.id)], { env })));
  });

  it("vm stop, start and restart wait for the end of their action, which vm actions lists as completed", async () => {
    const [vm] = await runJson<Vm[]>(["vm", "list"], { env });
    const vmId = String(vm!.id);
    assert.equal((await runJson<{ vm: Vm }>(["vm", "stop", vmId], { env })).vm.state, "stopped");
    const started = await runCli(["vm", "start", vmId], { env });
    assert.match(started.stdout, /one\.spoq\.dev: start of VM \d+ is done, it is running\./);
    assert.match(started.stderr, /^ +\d+\.\d s {2}one\.spoq\.dev: start of VM/m);
    assert.equal((await runJson<{ vm: Vm }>(["vm", "restart", vmId], { env })).vm.state, "running");
    const actions = await runJson<{ name: string; progress: string }[]>(["vm", "actions", vmId], { env });
    assert.deepEqual(actions.slice(0, 3).map(({ name, progress }) => [name, progress]), [["restart", "completed"], ["start", "completed"], ["stop", "completed"]]);
    assert.match((await runCli(["vm", "actions", vmId], { env })).stdout, /restart +completed +success/);
  });

  it("vm recreate wipes only with the host name typed again", async () => {
    const [vm] = await runJson<Vm[]>(["vm", "list"], { env });
    const vmId = String(vm!.id);
    const before = sandbox.state().vms.length;
    for (const [confirm, message] of [[[], /Nobody can be asked/], [["--confirm", "two.spoq.dev"], /got 'two\.spoq\.dev'/]] as const) {
      const { error } = await runJson<ErrorDocument>(["vm", "recreate", vmId, ...confirm], { env, code: 3 });
      assert.match(error.message, message);
      assert.match(error.next, /--confirm one\.spoq\.dev/);
    }
    assert.ok(!(await runJson<{ name: string }[]>(["vm", "actions", vmId], { env })).some(({ name }) => name === "recreate"));
    const { vm: after } = await runJson<{ vm: Vm }>(["vm", "recreate", vmId, "--template", "1002", "--confirm", "one.spoq.dev"], { env });
    assert.equal(String(after.id), vmId);
    assert.equal((await runJson<{ template: { id: number } }>(["vm", "get", vmId], { env })).template.id, 1002);
    assert.equal(sandbox.state().vms.length, before);
  });

  it("a VM that is not there is told in words and by exit code 1, without a stack trace unless asked for", async () => {
    const { code, stdout, stderr } = await runCli(["vm", "get", "999999"], { env });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /API_NOT_FOUND: .*\nNext: /);
    assert.doesNotMatch(stderr, /^ +at /m);
    assert.match((await runCli(["vm", "get", "999999", "--verbose"], { env })).stderr, /^ +at /m);
  });

  it("a token that is not accepted is told without being shown", async () => {
    const token = "fake-token-that-nobody-accepts";
    const { code, stdout, stderr } = await runCli(["vm", "list", "--json"], { env: { ...env, HOSTINGER_API_KEY: token } });
    assert.equal(code, 1);
    assert.equal((JSON.parse(stdout) as ErrorDocument).error.code, "API_UNAUTHORIZED");
    assert.ok(!(stdout + stderr).includes(token));
  });
});
