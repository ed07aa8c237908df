/** examples/own-program as a stranger has it: the package is installed below node_modules, nothing else of the checkout is there. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, it } from "vitest";
import { sandboxEnvironment } from "../../src/cli/sandbox-env.ts";
import { engineEnvironment } from "../../src/install-pulumi/engine-environment.ts";
import { ensureEngine } from "../../src/install-pulumi/ensure-engine.ts";
import { startSandbox } from "../../src/sandbox/index.ts";

const run = promisify(execFile);
const CHECKOUT = resolve(import.meta.dirname, "..", "..");

/** What `npm install` of a git address or an archive gives, but that the other packages are linked instead of fetched. */
async function install(folder: string): Promise<void> {
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: CHECKOUT });
  const archive = join(folder, (JSON.parse(stdout) as { filename: string }[])[0]!.filename);
  const modules = join(folder, "node_modules");
  await mkdir(join(modules, "user-vps"), { recursive: true });
  await run("tar", ["-xzf", archive, "--strip-components=1", "-C", join(modules, "user-vps")]);
  for (const name of await readdir(join(CHECKOUT, "node_modules"))) await symlink(join(CHECKOUT, "node_modules", name), join(modules, name));
}

describe("a program of one's own with the Hostinger resources", async () => {
  const folder = await mkdtemp(join(tmpdir(), "user-vps-own-program-"));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const sandbox = await startSandbox({ bootMs: 100, scriptMs: 50, actionMs: 50 });
  afterAll(() => sandbox.close());
  const engine = await ensureEngine();
  const program = join(folder, "own-program");
  await cp(join(CHECKOUT, "examples", "own-program"), program, { recursive: true, filter: (path) => !path.includes("node_modules") });
  await install(program);
  const env = { ...engineEnvironment(engine), ...sandboxEnvironment(sandbox, engine, pathToFileURL(folder).href) };
  const pulumi = async (...args: string[]) => (await run("pulumi", [...args, "--non-interactive", "--color", "never"], { cwd: program, env })).stdout;

  it("up buys one VM with the script, from an installed package", async () => {
    await pulumi("stack", "init", "dev");
    await pulumi("config", "set", "hostname", "test.example.com");
    await pulumi("config", "set", "--secret", "rootPassword", "Fake-password-1234");
    const printed = await pulumi("up", "--yes", "--skip-preview");
    assert.doesNotMatch(printed, /warning/i);
    const { vms, scripts, purchases } = sandbox.state();
    assert.equal(purchases.length, 1);
    assert.deepEqual(vms.map(({ hostname, state, script }) => ({ hostname, state, script: script?.id })), [{ hostname: "test.example.com", state: "running", script: scripts[0]!.id }]);
    assert.equal((await pulumi("stack", "output", "address")).trim(), vms[0]!.address);
  });

  it("a preview with refresh finds nothing to change", async () => {
    assert.match(await pulumi("preview", "--refresh", "--expect-no-changes"), /3 unchanged/);
  });

  it("destroy is refused until the program says that the VM may be deleted", async () => {
    await assert.rejects(pulumi("destroy", "--yes", "--skip-preview"), ({ stdout }: { stdout: string }) => /DELETION_PROTECTED: .*allowDelete/s.test(stdout));
    assert.deepEqual(sandbox.state().vms.map(({ state, autoRenewed }) => ({ state, autoRenewed })), [{ state: "running", autoRenewed: true }]);
    await pulumi("config", "set", "allowDelete", "true");
    await pulumi("up", "--yes", "--skip-preview");
    assert.equal(sandbox.state().purchases.length, 1);
  });

  it("destroy stops the VM, ends its renewal and removes the script", async () => {
    await pulumi("destroy", "--yes", "--skip-preview");
    const { vms, scripts } = sandbox.state();
    assert.deepEqual(vms.map(({ state, autoRenewed }) => ({ state, autoRenewed })), [{ state: "stopped", autoRenewed: false }]);
    assert.deepEqual(scripts, []);
  });

  it("goes on with a replacement whose giving up of the old VM failed, in a later run", async () => {
    const index = join(program, "index.ts");
    const text = await readFile(index, "utf8");
    await writeFile(index, text.replace(/plan: ("[^"]+")/, 'plan: config.get("plan") ?? $1').replace("allowDelete: ", 'allowReplaceOf: config.getNumber("allowReplaceOf") as number, allowDelete: '));
    const up = () => pulumi("up", "--yes", "--skip-preview");
    await pulumi("config", "set", "hostname", "other.example.com");
    await pulumi("config", "rm", "allowDelete");
    await up();
    const vmsOf = () => sandbox.state().vms.filter(({ hostname }) => hostname === "other.example.com").map(({ id, state, autoRenewed }) => ({ id, state, autoRenewed }));
    const [{ id } = assert.fail("no VM")] = vmsOf();
    await pulumi("config", "set", "plan", "hostingercom-vps-kvm2-usd-1m");
    await pulumi("config", "set", "allowReplaceOf", String(id));
    sandbox.addFault({ api: "hostinger", method: "POST", path: `/api/vps/v1/virtual-machines/${id}/stop`, times: 0, fault: { kind: "status", status: 422 } });
    await assert.rejects(up(), ({ stdout }: { stdout: string }) => /API_REJECTED/.test(stdout));
    sandbox.clearFaults();
    const [old, now] = vmsOf();
    assert.deepEqual([old!.id, old!.state, now!.state], [id, "running", "running"]);
    await up();
    assert.deepEqual(vmsOf(), [{ id, state: "stopped", autoRenewed: false }, { ...now!, state: "running", autoRenewed: true }]);
    assert.match(await pulumi("preview", "--expect-no-changes"), /3 unchanged/);
  });
});
