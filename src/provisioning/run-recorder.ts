import type { Queryable } from "../db/queryable.ts";
import { appendRunLog, beginPhase, setVpsStatus } from "../records/index.ts";
import type { Phase, RunResource } from "../records/index.ts";
import type { EngineProgress } from "./engine.ts";
import type { Redactor } from "./redact.ts";

export interface RunRecorder {
  readonly onEvent: (event: EngineProgress) => void;
  readonly onLine: (line: string) => void;
  phase(phase: Phase): void;
  resources(): readonly RunResource[];
  /** Resolves when everything so far is written, or could not be. */
  flush(): Promise<void>;
}

export interface RecorderOptions {
  readonly db: Queryable;
  readonly runId: string;
  readonly userId: string;
  readonly redactor: Redactor;
  /** Something could not be written; the run goes on. */
  readonly onError: (error: unknown) => void;
}

const LOG_INTERVAL_MS = 300;
const LONGEST_WAITING_FOR = 500;

/** A resource's type, without its package, and the phase that it stands for. */
const PHASE_OF: Readonly<Record<string, Phase>> = {
  Credentials: "credentials",
  PostInstallScript: "script",
  VirtualMachine: "vm",
  DnsRecord: "dns",
  HealthCheck: "health",
};

/** Writes what a run says into its log, the phase and what is waited for into the user's record. */
export function createRunRecorder({ db, runId, userId, redactor, onError }: RecorderOptions): RunRecorder {
  const resources: RunResource[] = [];
  let writing = Promise.resolve();
  let lines: string[] = [];
  let logTimer: NodeJS.Timeout | undefined;

  const write = (work: () => Promise<unknown>) => {
    writing = writing.then(work).then(() => undefined, onError);
  };
  const writeLog = () => {
    clearTimeout(logTimer);
    logTimer = undefined;
    const batch = lines;
    lines = [];
    if (batch.length > 0) write(() => appendRunLog(db, runId, batch));
  };
  const phase = (name: Phase) => write(() => beginPhase(db, { runId, userId, phase: name }));
  const waitingFor = (text: string) => write(() => setVpsStatus(db, userId, { waitingFor: redactor.redact(text).slice(0, LONGEST_WAITING_FOR) }));

  return {
    phase,
    onEvent(event) {
      if (event.kind === "message") {
        if (event.severity === "info") waitingFor(event.text);
        return;
      }
      const type = event.type.slice(event.type.lastIndexOf(":") + 1);
      if (event.kind === "resource-started") {
        const begun = PHASE_OF[type];
        if (begun && isProvisioning(event.operation)) phase(begun);
        return;
      }
      const { name, operation, seconds } = event;
      resources.push({ type, name, operation: event.failed ? `${operation} failed` : operation, seconds });
    },
    onLine(line) {
      lines.push(redactor.redact(line));
      logTimer ??= setTimeout(writeLog, LOG_INTERVAL_MS);
    },
    resources: () => resources,
    async flush() {
      writeLog();
      await writing;
    },
  };
}

/** The steps of an `up`, whether they change anything or not. */
function isProvisioning(operation: string): boolean {
  return operation === "create" || operation === "update" || operation === "same" || operation.startsWith("create-");
}
