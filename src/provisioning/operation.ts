import type { Pool } from "pg";
import type { Settings } from "../config/index.ts";
import type { Awaited } from "../../providers/core/patience.ts";
import type { Session } from "../../providers/hostinger/session.ts";
import type { Queryable } from "../db/queryable.ts";
import type { CredentialsCipher, VpsRecord, VpsStatus } from "../records/index.ts";
import type { PurchaseDesk, Wait } from "../purchases/index.ts";
import type { Engine, RunHooks } from "./engine.ts";
import type { LostDnsRecords } from "./lost-dns-record.ts";
import type { Redactor } from "./redact.ts";
import type { RunRecorder } from "./run-recorder.ts";

/** What every operation on a user's VPS works with. */
export interface OperationContext {
  readonly pool: Pool;
  readonly engine: Engine;
  readonly settings: Settings;
  readonly cipher: CredentialsCipher;
  readonly record: VpsRecord;
  readonly hooks: RunHooks;
  readonly recorder: RunRecorder;
  readonly redactor: Redactor;
  readonly powerAction?: PowerAction | undefined;
  /** When it was asked for, by PostgreSQL's clock; undefined: just now. */
  readonly sentAt?: string | undefined;
  /** What was waited for and is not there within its limit: if it still is not, the run fails with that. */
  readonly overdue?: Awaited | undefined;
  /** The job was begun before, or a try has failed. */
  readonly isRepetition: boolean;
  readonly vms: VmPower;
  readonly dns: LostDnsRecords;
  readonly purchases: PurchaseDesk;
}

export interface OperationResult {
  readonly changes: Readonly<Record<string, number>>;
  /** Writes the results into the record; part of the transaction that ends the run. */
  save(db: Queryable): Promise<void>;
}

/** It cannot go on yet, and holds nothing meanwhile: who watches what is waited for has it done again. */
export interface OperationWait {
  readonly wait: Wait;
}

export interface OperationKind {
  /** The statuses that ask for it. In any other the job was overtaken: cancelled, or something else is wanted by now. */
  readonly from: readonly VpsStatus[];
  /** The status while it is tried again later. */
  readonly waiting: VpsStatus | undefined;
  run(context: OperationContext): Promise<OperationResult | OperationWait>;
}

export const POWER_ACTIONS = ["start", "stop", "restart"] as const;
export type PowerAction = (typeof POWER_ACTIONS)[number];

export interface SessionOptions {
  readonly signal: AbortSignal;
  /** Called before each call; what it throws ends the call before it is sent. */
  readonly beforeCall?: (() => Promise<void>) | undefined;
  readonly report: (text: string) => void;
}

export interface VmPower {
  /** For what the stack does not do: see snapshot.ts and the folder give-up. */
  openSession(options: SessionOptions): Session;
  /** Orders the action and waits for its end. */
  act(vm: { readonly vmId: number; readonly hostname: string }, action: PowerAction, options: SessionOptions): Promise<void>;
}
