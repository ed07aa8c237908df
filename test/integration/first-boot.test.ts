/** A VPS whose post-install script stops or is cut off: the health check logs in and says so, or has it run again. */
import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { create } from "../../providers/health/health-check-provider.ts";
import type { HealthCheckInputs } from "../../providers/health/inputs.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { renderPostInstallScript } from "../../stacks/post-install.ts";
import { ORDINARY } from "../support/post-install-values.ts";
import { provision, control, until, vmIs } from "./sandbox-support.ts";

const PASSWORD = "SecurePassword123!"; // as sandbox-support sets the VMs up
/** Far longer than anything here takes: whoever waits for it has missed what there was to see. */
const LIMIT_SECONDS = 120;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ bootMs: 50, scriptMs: 50, actionMs: 50 });
});
afterEach(() => sandbox.reset());
afterAll(() => sandbox.close());

interface Kept extends Error {
  readonly properties: object;
}

async function vpsThat(boot: object): Promise<HealthCheckInputs> {
  const hostname = ORDINARY.hostname;
  await control(sandbox, "POST", "boot", { hostname, ...boot });
  const { address } = await provision(sandbox, { hostname, script: renderPostInstallScript(ORDINARY) });
  const environment = sandbox.env;
  return {
    hostname, address, timeoutSeconds: LIMIT_SECONDS,
    port: Number(environment["USER_VPS_HEALTH_PORT"]), resolver: environment["USER_VPS_DNS_RESOLVER"]!, caFile: environment["USER_VPS_CA_FILE"]!,
    wayIn: { port: Number(environment["USER_VPS_SSH_PORT"]), password: PASSWORD },
  };
}

describe("a VPS whose post-install script stopped", () => {
  it("fails at once with the step and its last lines, and nothing of the way in is stored", async () => {
    const inputs = await vpsThat({ outcome: "script-fails", failsInStep: 8 });
    const startMs = performance.now();
    await assert.rejects(create(inputs), (error: Kept) => {
      assert.match(error.message, /^FIRST_BOOT_FAILED: .*stopped in step 8 of 12, Spoq CLI \(exit status 22\)\. Its last lines:\n {4}curl: \(22\) The requested URL returned error: 404\n.*bash \/post_install/s);
      assert.ok(!JSON.stringify([error.message, error.properties]).includes(PASSWORD));
      return true;
    });
    assert.ok(performance.now() - startMs < (LIMIT_SECONDS / 2) * 1_000, "it was waited for the limit");
  });

  it("is run again where what failed may pass, and becomes healthy", async () => {
    const inputs = await vpsThat({ outcome: "script-fails", failsInStep: 1, mayPass: true });
    const { outs } = await create(inputs);
    assert.deepEqual([outs?.["healthy"], outs?.["wayIn"]], [true, undefined]);
    const vm = await until(sandbox, (state) => state.vms.find(({ address }) => address === inputs.address));
    await until(sandbox, vmIs(vm.id, ({ health }) => health !== null));
  });

  it("is run again where a restart of the VM cut it off, and becomes healthy", async () => {
    const inputs = await vpsThat({ outcome: "script-fails", failsInStep: 4, cutOff: true });
    const { outs } = await create(inputs);
    assert.equal(outs?.["healthy"], true);
  });

  it("is waited for as before by who cannot log in", async () => {
    const inputs = await vpsThat({ outcome: "script-fails", failsInStep: 8 });
    await assert.rejects(create({ ...inputs, timeoutSeconds: 2, wayIn: { ...inputs.wayIn!, password: "another one" } }), /^Error: HEALTH_CHECK_FAILED/);
  });
});
