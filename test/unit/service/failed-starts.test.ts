/** Of what cannot start as a whole, nothing begins: nobody would stop it. */
import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { startDriftWorker } from "../../../src/drift/worker.ts";
import { DRIFT_QUEUE } from "../../../src/drift/queues.ts";
import { startWorker } from "../../../src/jobs/worker.ts";
import { startNotifications } from "../../../src/notifications/start-notifications.ts";

/** A queue whose workers are written down. */
function stubQueue(more: object = {}) {
  const worked: string[] = [];
  const boss = { createQueue: async () => undefined, updateQueue: async () => undefined, unschedule: async () => undefined, work: async (queue: string) => { worked.push(queue); return "id"; }, notifyWorker: () => undefined, ...more };
  return { boss: boss as never, worked };
}

describe("a start that fails", () => {
  it("of a worker that cannot hear of new jobs takes no job", async () => {
    const { boss, worked } = stubQueue();
    await assert.rejects(startWorker({ boss, pool: {}, databaseUrl: "postgres://nobody:none@127.0.0.1:1/none", settings: { workerConcurrency: 2 }, log: () => undefined } as never));
    assert.deepEqual(worked, []);
  });

  it("of the drift worker that cannot answer questions takes no sweep", async () => {
    let created = 0;
    const { boss, worked } = stubQueue({ createQueue: async (queue: string) => { if (queue === DRIFT_QUEUE && ++created > 1) throw new Error("the database is away"); } });
    await assert.rejects(startDriftWorker({ boss, sweep: {}, log: () => undefined } as never), /the database is away/);
    assert.deepEqual(worked, []);
  });

  it("of notifications hands nothing on", async () => {
    const asked: string[] = [];
    const pool = { query: async (text: string) => { asked.push(text); return { rows: [{ has: false }] }; } };
    // It is registered, and then cannot be had.
    const target = { format: "slack", name: "chat", events: ["*"], get url() { if (asked.length === 2) throw new Error("no sender"); return "https://hooks.example.com/services/x"; } };
    await assert.rejects(startNotifications({ pool, settings: { notificationTargets: [target], notificationTimeoutSeconds: 1, notificationGroupSeconds: 0, notificationGiveUpHours: 1 }, workerId: "w", redact: (text: string) => text, log: () => undefined } as never), /no sender/);
    assert.deepEqual(asked.filter((text) => /vps_notification_events/.test(text)), []);
  });
});
