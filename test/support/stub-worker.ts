/** A worker of this process whose engine is a stub. */
import type { Pool } from "pg";
import { startWorker } from "../../src/jobs/index.ts";
import type { Worker } from "../../src/jobs/index.ts";
import type { PurchaseAccount } from "../../src/purchases/index.ts";
import { createCredentialsCipher } from "../../src/records/index.ts";
import type { PurchaseWorld } from "./purchases.ts";
import type { StubEngine } from "./stub-engine.ts";

type WorkerContext = Parameters<typeof startWorker>[0];

export interface StubWorkerOptions extends Pick<WorkerContext, "boss" | "vms"> {
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly engine: StubEngine;
  /** A zone without a record unless given. */
  readonly dns?: WorkerContext["dns"];
  /** Whose guard and settings it has. */
  readonly world: PurchaseWorld;
  readonly account: PurchaseAccount;
}

const EMPTY_ZONE: WorkerContext["dns"] = { removeUnknown: async () => false, namesOf: async () => [], close: async () => undefined };

export function startStubWorker({ world: { guard }, account, ...given }: StubWorkerOptions): Promise<Worker> {
  return startWorker({
    dns: EMPTY_ZONE, ...given, settings: guard.settings as never, purchases: { guard, account }, workerId: "worker", hostId: "host", secrets: [], log: () => undefined,
    cipher: createCredentialsCipher([{ id: "test", key: Buffer.alloc(32) }]),
  });
}
