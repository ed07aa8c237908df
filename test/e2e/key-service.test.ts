/** Stacks whose secrets are encrypted by a key service (SECRETS_PROVIDER), by a worker with the real engine. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startKeyService } from "../../bench/key-service.ts";
import type { KeyService } from "../../bench/key-service.ts";
import { StateBackend } from "../../src/provisioning/state-backend.ts";
import { PROJECT_NAME } from "../../stacks/project-name.ts";
import { newName } from "../support/new-name.ts";
import { withDatabase } from "../support/postgres.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld } from "../support/service-world.ts";

const database = await withDatabase();

describe("a worker with a key service in place of a passphrase", () => {
  let world: ServiceWorld;
  let keys: KeyService;

  beforeAll(async () => {
    [world, keys] = await Promise.all([startServiceWorld(database.url), startKeyService()]);
    await world.startWorker({ PULUMI_CONFIG_PASSPHRASE: "", ...keys.env });
  });
  afterAll(async () => {
    await world.close();
    await keys.close();
  });

  async function stateOf(stackName: string) {
    const backend = new StateBackend(database.url, PROJECT_NAME);
    try {
      return await backend.readStack(stackName);
    } finally {
      await backend.close();
    }
  }

  it("makes a user's stack with a key of its own, which the service has encrypted", async () => {
    await world.signUp("user-1", "alice");
    await world.until("user-1", "ready", ({ status }) => status === "ready");
    const { secretsSettings } = (await stateOf("alice"))!;
    assert.equal(secretsSettings.secretsProvider, keys.env.SECRETS_PROVIDER);
    assert.match(secretsSettings.encryptedKey ?? "", /^\S{40,}$/);
    assert.equal(secretsSettings.encryptionSalt, undefined);
    assert.equal(world.sandbox.state().purchases.length, 1);
  });

  it("asks for the key to be encrypted once a stack, and decrypted at most twice a call of the engine", async () => {
    assert.equal(keys.asked.filter((one) => one === "encrypt user-vps").length, 1);
    const decrypted = keys.asked.filter((one) => one === "decrypt user-vps").length;
    const runs = (await world.runs("user-1")).length;
    assert.ok(decrypted >= runs && decrypted <= 2 * (runs + 1), `${decrypted} of ${runs} runs and one making of the stack: ${keys.asked.join()}`);
  });

  it("tells what the key service said while it does not answer, buys nothing, and goes on by itself once it does", async () => {
    const bob = newName("bob");
    const bought = world.sandbox.state().purchases.length;
    keys.seal(true);
    await world.signUp(`user-${bob}`, bob);
    const { errorCode, reason } = await world.until(`user-${bob}`, "a failure", (record) => record.errorCode !== null);
    assert.equal(errorCode, "ENGINE_FAILED");
    assert.match(reason ?? "", /Vault is sealed/);
    assert.match((await world.runs(`user-${bob}`)).at(-1)?.message ?? "", /Next: .*SECRETS_PROVIDER/);
    assert.equal(world.sandbox.state().purchases.length, bought);
    keys.seal(false);
    await world.until(`user-${bob}`, "ready", ({ status }) => status === "ready");
    assert.equal(world.sandbox.state().purchases.length, bought + 1);
  });
});
