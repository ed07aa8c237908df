/** Whatever dies, the user gets ready, with one purchase and one DNS record, and nobody has to do anything. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { findTagged } from "../../src/provisioning/process-tags.ts";
import { findVpsByUserId, type VpsRecord } from "../../src/records/index.ts";
import { atEnd } from "../support/at-end.ts";
import { newName } from "../support/new-name.ts";
import { withDatabase } from "../support/postgres.ts";
import { startServiceWorld } from "../support/service-world.ts";
import type { ServiceWorld } from "../support/service-world.ts";
import { until } from "../support/until.ts";

/** Longer than the test takes: what is held open for so long is ended by it. */
const HELD_MS = 600_000;
/** Of the VM whose health is waited for: it is made unhealthy before that, as soon as it is there. */
const SCRIPT_MS = 20_000;

const HOSTINGER = "/api/vps/v1";
const database = await withDatabase();

describe("kill -9 of a worker with five users, each in another phase", () => {
  let world: ServiceWorld;
  /** Of `running` and `health` nothing runs when the worker dies: the watcher looks for what they wait for. */
  type Held = "script" | "purchase" | "running" | "dns" | "health";
  let users: Readonly<Record<Held, string>>;
  const id = (held: Held) => `user-${users[held]}`;

  /** Whether the user is where the worker is to die. */
  const inPhase: Readonly<Record<Held, (record: VpsRecord) => boolean>> = {
    script: ({ phase }) => phase === "script",
    purchase: ({ phase, waitingFor }) => phase === "vm" && /: buying /.test(waitingFor ?? ""),
    running: ({ phase, waitingFor }) => phase === "vm" && /VM \d+ to run/.test(waitingFor ?? ""),
    dns: ({ phase }) => phase === "dns",
    health: ({ phase, waitingFor }) => phase === "health" && /to be healthy/.test(waitingFor ?? ""),
  };

  beforeAll(async () => {
    world = await startServiceWorld(database.url);
  });
  afterAll(() => world.close());

  async function hold(held: Held): Promise<void> {
    const hostname = `${users[held]}.${world.sandbox.domain}`;
    const unanswered = { method: "POST", bodyHas: hostname, times: 0, fault: { kind: "hang" } } as const;
    if (held === "script") world.sandbox.addFault({ ...unanswered, api: "hostinger", path: `${HOSTINGER}/post-install-scripts$` });
    if (held === "purchase") world.sandbox.addFault({ ...unanswered, api: "hostinger", path: `${HOSTINGER}/virtual-machines$`, times: 1, fault: { kind: "hang", afterEffect: true } });
    if (held === "dns") world.sandbox.addFault({ ...unanswered, api: "cloudflare", path: ".*/dns_records$" });
    if (held === "running") await control("boot", { hostname, bootMs: HELD_MS });
    if (held === "health") await control("boot", { hostname, scriptMs: SCRIPT_MS });
  }

  async function drift(held: Held, kind: object): Promise<void> {
    await control(`vms/${vmOf(held)!.id}/drift`, kind);
  }

  function vmOf(held: Held) {
    return world.sandbox.state().vms.find(({ hostname }) => hostname === `${users[held]}.${world.sandbox.domain}`);
  }

  async function outOfPhase(): Promise<Held[]> {
    const records = await Promise.all((Object.keys(users) as Held[]).map(async (held) => ({ held, record: await findVpsByUserId(world.pool, id(held)) })));
    return records.filter(({ held, record }) => !record || !inPhase[held](record)).map(({ held }) => held);
  }

  async function control(path: string, body: object): Promise<void> {
    const answer = await fetch(`${world.sandbox.controlUrl}/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.text());
  }

  it("has another worker go on, and everybody ends ready", async () => {
    const lasting = { WORKER_CONCURRENCY: "5", HOSTINGER_PURCHASE_TIMEOUT_SECONDS: "600", HOSTINGER_PURCHASE_INTENT_SECONDS: "60" };
    users = { script: newName("amy"), purchase: newName("bea"), running: newName("cleo"), dns: newName("dora"), health: newName("ella") };
    const first = await world.startWorker(lasting);
    atEnd(() => first.kill());
    const second = await world.startWorker({ ...lasting, WORKER_CONCURRENCY: "2" });
    atEnd(() => second.kill());
    // A call that is held is given up on a slow machine before the last user is there; the first worker, and nobody else, is to make it again.
    second.child.kill("SIGSTOP");
    for (const held of Object.keys(users) as Held[]) await hold(held);
    await Promise.all((Object.keys(users) as Held[]).map((held) => world.signUp(id(held), users[held])));
    await world.until(id("health"), "a VM", () => vmOf("health") !== undefined);
    await drift("health", { kind: "unhealthy", status: 503 });
    for (const held of Object.keys(users) as Held[]) await world.until(id(held), `the phase ${held}`, inPhase[held]);
    await until("all in their phases at one moment", async () => (await outOfPhase()).length === 0, outOfPhase);
    const [firstRun] = await world.runs(id("script"));
    const killedAtMs = Date.now();
    await first.kill();
    second.child.kill("SIGCONT");
    await untilNoProcess(firstRun!.workerId, 60_000);
    world.sandbox.clearFaults();
    await drift("running", { kind: "repaired" });
    await drift("health", { kind: "healthy" });

    for (const held of Object.keys(users) as Held[]) {
      await world.until(id(held), "ready", ({ status }) => status === "ready");
      const [last, ...earlier] = await world.runs(id(held));
      assert.equal(last?.outcome, "succeeded");
      assert.ok(last.workerId !== firstRun!.workerId, `${held}: the run that succeeded is another worker's`);
      const cutOff = earlier.filter(({ outcome }) => outcome === "lost");
      assert.equal(cutOff.length, held === "running" || held === "health" ? 0 : 1, `${held}: runs that the worker's death has cut off`);
      const next = [last, ...earlier].filter(({ startedAt }) => startedAt.getTime() > killedAtMs).at(-1);
      console.log(`${held}: another worker began after ${next!.startedAt.getTime() - killedAtMs} ms, ready after ${last.endedAt!.getTime() - killedAtMs} ms`);
    }
    for (const held of Object.keys(users) as Held[]) {
      const hostname = `${users[held]}.${world.sandbox.domain}`;
      const { purchases, records } = world.sandbox.state();
      assert.equal(purchases.filter((one) => one.hostname === hostname).length, 1, `${held}: purchases`);
      assert.equal(records.filter(({ name }) => name === hostname).length, 1, `${held}: DNS records`);
    }
    assert.match(second.output(), /up succeeded/);
  });
});

async function untilNoProcess(workerId: string, timeoutMs: number): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const left = await findTagged("worker", workerId);
    if (left.length === 0) return;
    assert.ok(Date.now() < endMs, `processes ${left.join(", ")} outlive their worker`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
}
