import type { PgBoss } from "pg-boss";
import type { Pool } from "pg";
import type { Settings } from "../config/index.ts";
import type { Engine } from "../provisioning/engine.ts";
import type { LostDnsRecords } from "../provisioning/lost-dns-record.ts";
import type { VmPower } from "../provisioning/operation.ts";
import type { PurchaseDesk } from "../purchases/index.ts";
import type { CredentialsCipher } from "../records/index.ts";

/** What a worker works with. */
export interface WorkerContext {
  readonly boss: PgBoss;
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly engine: Engine;
  readonly vms: VmPower;
  readonly dns: LostDnsRecords;
  readonly purchases: PurchaseDesk;
  readonly settings: Settings;
  readonly cipher: CredentialsCipher;
  readonly workerId: string;
  readonly hostId: string;
  /** Values that no log may hold. */
  readonly secrets: readonly string[];
  /** Aborted, with a UserVpsError RUN_LOST, when running work is to be handed over. */
  readonly handOver: AbortSignal;
  readonly log: (line: string) => void;
}
