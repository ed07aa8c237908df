import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { sleep } from "../../providers/core/time.ts";
import { sandboxEnvironment } from "../../src/cli/sandbox-env.ts";
import { driftText } from "../../src/cli/user-stack/drift-view.ts";
import type { StackDrift } from "../../src/drift/stack-drift.ts";
import { ensureEngine } from "../../src/install-pulumi/ensure-engine.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { runCli, runJson, startCli, temporaryFolder } from "./cli-support.ts";
import type { ErrorDocument } from "./cli-support.ts";
import { control, hitsOf } from "./sandbox-support.ts";

describe("user-vps drift", async () => {
  const folder = temporaryFolder();
  const state = join(folder, "state");
  mkdirSync(state);
  const sandbox = await startSandbox({ dataDir: folder, bootMs: 100, scriptMs: 50, actionMs: 50 });
  afterAll(() => sandbox.close());
  const env = { ...sandboxEnvironment(sandbox, await ensureEngine(), pathToFileURL(state).href) };
  beforeAll(async () => void (await runJson(["up", "karl", "--yes"], { env })));
  const vm = () => sandbox.state().vms[0]!;
  const drifted = (kind: string, more: object = {}) => control(sandbox, "POST", `vms/${vm().id}/drift`, { kind, ...more });
  /** All that an `up` would have changed: there, and in the state. */
  const seen = () => JSON.stringify([sandbox.state().records, sandbox.state().purchases, { ...vm(), health: null }, readFileSync(join(state, ".pulumi", "stacks", "user-vps", "karl.json"), "utf8")]);
  const properties = ({ resources }: StackDrift) => resources.flatMap(({ resource, properties: of }) => of.map(({ name, declared, actual, whatUpWouldDo }) => [resource, name, declared, actual, whatUpWouldDo]));

  it("finds none on an untouched user, and ends with 0", async () => {
    assert.deepEqual(await runJson<StackDrift>(["drift", "karl"], { env }), { username: "karl", resources: [], changes: 0, refusal: null });
  });

  it("tells each property as declared, as it is, and what up would do; ends with 2, and changes nothing", async () => {
    await drifted("stopped");
    await control(sandbox, "POST", "records/drift", { name: "karl.spoq.dev", kind: "content", content: "127.99.0.1" });
    const before = seen();
    const drift = await runJson<StackDrift>(["drift", "karl"], { env, code: 2 });
    const found = properties(drift);
    assert.deepEqual(found.find(([resource, name]) => resource === "vm" && name === "state"), ["vm", "state", "running", "stopped", "change in place"]);
    assert.deepEqual(found.find(([resource, name]) => resource === "record" && name === "content"), ["record", "content", vm().address, "127.99.0.1", "change in place"]);
    assert.deepEqual([drift.username, drift.refusal, drift.changes], ["karl", null, drift.resources.length]);

    const { code, stdout } = await runCli(["drift", "karl"], { env });
    assert.equal(code, 2);
    assert.match(stdout, /^RESOURCE +PROPERTY +DECLARED +ACTUAL +UP WOULD$/m);
    assert.match(stdout, /^vm +state +running +stopped +change in place$/m);
    assert.equal(seen(), before);
    for (const secret of [env["HOSTINGER_API_KEY"]!, env["CLOUDFLARE_API_TOKEN"]!, env["PULUMI_CONFIG_PASSPHRASE"]!]) assert.ok(!(stdout + JSON.stringify(drift)).includes(secret));

    await drifted("started");
    await control(sandbox, "POST", "records/drift", { name: "karl.spoq.dev", kind: "content", content: vm().address });
    const again = await runCli(["drift", "karl"], { env });
    assert.deepEqual([again.code, again.stdout], [0, "karl: as declared.\n"]);
  });

  it("a refusal of up is a part of the answer, not a failure", async () => {
    await drifted("plan", { itemId: "hostingercom-vps-kvm4-usd-1m" });
    const drift = await runJson<StackDrift>(["drift", "karl"], { env, code: 2 });
    const { refusal, resources } = drift;
    assert.match(refusal ?? "", /CHANGE_REFUSED: plan .*allowReplaceOf/);
    const ofService = await runJson<StackDrift>(["drift", "karl"], { env: { ...env, PULUMI_BACKEND_URL: "", STATE_BACKEND_URL: pathToFileURL(state).href }, code: 2 });
    assert.match(ofService.refusal ?? "", /CHANGE_REFUSED: plan .*Next: Nothing was bought\..*runbook/);
    assert.match(resources.find(({ resource }) => resource === "vm")?.whatUpWouldDo ?? "", /^refused: CHANGE_REFUSED/);
    const text = driftText(drift);
    assert.match(text, /^vm +plan .* refuse, see below$/m);
    assert.match(text, /^up would be refused: CHANGE_REFUSED/m);
    await drifted("plan", { itemId: "hostingercom-vps-kvm1-usd-1m" });
  });

  it("ends with 1 for whatever goes wrong, wrong use too: 2 would say that something differs", async () => {
    const wrong: [string[], Record<string, string>, RegExp][] = [
      [["drift"], {}, /missing required argument/],
      [["drift", "karl", "--bananas"], {}, /unknown option/],
      [["drift", "Karl"], {}, /lower case/],
      [["drift", "../karl"], {}, /expected only/],
      [["drift", "nobody"], {}, /no stack 'nobody'/],
      [["drift", "karl"], { PULUMI_CONFIG_PASSPHRASE: "" }, /encrypted/],
      [["drift", "karl"], { PULUMI_CONFIG_PASSPHRASE: "fake-wrong-passphrase" }, /passphrase/],
      [["drift", "karl"], { HOSTINGER_API_KEY: "fake-token-that-nobody-accepts" }, /API_UNAUTHORIZED|does not accept/],
    ];
    for (const [args, more, message] of wrong) {
      const { error } = await runJson<ErrorDocument>(args, { env: { ...env, ...more }, code: 1 });
      assert.match(`${error.code}: ${error.message}`, message, args.join(" "));
    }
    assert.match((await runCli(["drift", "--help"])).stdout, /Exit codes of this command:\n {2}0 +as declared\n {2}2 +something differs.*\n {2}1 +anything/);
  });

  it("is ended by SIGINT with 130 in the middle of the look, and leaves no folder behind", async () => {
    const temporary = temporaryFolder();
    const ruleId = sandbox.addFault({ api: "hostinger", method: "GET", path: "/api/vps/v1/virtual-machines/", times: 0, fault: { kind: "hang" } });
    const child = startCli(["drift", "karl"], { env: { ...env, TMPDIR: temporary } });
    const ended = new Promise<number | null>((done) => child.once("close", done));
    child.stdout!.resume();
    child.stderr!.resume();
    for (const endMs = Date.now() + 60_000; (await hitsOf(sandbox, ruleId)) === 0; await sleep(50)) assert.ok(Date.now() < endMs, "waited in vain for the look");
    child.kill("SIGINT");
    assert.equal(await ended, 130);
    assert.deepEqual(readdirSync(temporary).filter((name) => name.startsWith("user-vps-cli-")), []);
  });
});
