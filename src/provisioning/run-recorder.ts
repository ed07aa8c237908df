import { z } from "zod";
import { beginningOf } from "../../providers/core/cut-text.ts";
import { inSeconds, SECOND_MS, sleep } from "../../providers/core/time.ts";
import type { Queryable } from "../db/queryable.ts";
import { appendRunLog, beginPhase, saveVpsResult, setVpsStatus } from "../records/index.ts";
import type { Phase, RunResource } from "../records/index.ts";
import type { EngineProgress, StackOutputs } from "./engine.ts";
import type { Redactor } from "./redact.ts";

export interface RunRecorder {
  readonly onEvent: (event: EngineProgress) => void;
  readonly onLine: (line: string) => void;
  phase(phase: Phase): void;
  resources(): readonly RunResource[];
  /** Resolves when everything so far is written, or could not be; at its limit the rest is dropped, as whoever ends the run holds the user meanwhile. */
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

const WRITE_INTERVAL_MS = 300;
const FLUSH_LIMIT_MS = 30 * SECOND_MS;
const LONGEST_WAITING_FOR = 500;
/** Whatever a VPS or an engine prints, a run's record stays of a size that can be read. */
const LONGEST_LINE = 4_000;
const MOST_LINES = 20_000;
const MOST_RESOURCES = 500;
const LONGEST_OUTPUT = 200;
const MOST_OUTPUTS = 30;

type ResourceEnded = Extract<EngineProgress, { readonly kind: "resource-ended" }>;

/** A resource's type, without its package, and the phase that it stands for. */
const PHASE_OF: Readonly<Record<string, Phase>> = {
  Credentials: "credentials",
  PostInstallScript: "script",
  VirtualMachine: "vm",
  DnsRecord: "dns",
  HealthCheck: "health",
};

/** Of a VirtualMachine, as far as it is recorded; what is not there, or not yet, is undefined. */
const vmOutputs = z.object({
  vmId: z.number().optional().catch(undefined),
  ipv4: z.string().min(1).optional().catch(undefined),
  orderId: z.string().min(1).optional().catch(undefined),
  subscriptionId: z.string().min(1).optional().catch(undefined),
});

/** Writes what a run says into its log, the phase and what is waited for into the user's record: not there once the run has ended, as of a worker that stood still. */
export function createRunRecorder({ db, runId, userId, redactor, onError }: RecorderOptions): RunRecorder {
  const resources: RunResource[] = [];
  let writing = Promise.resolve();
  let isOver = false;
  let lines: string[] = [];
  let lineCount = 0;
  let waitingFor: string | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** Of a resource, for people: short, and without secrets. */
  const shown = ({ id, outputs = {}, changed = [] }: Pick<ResourceEnded, "id" | "outputs" | "changed">) => {
    const clean = (text: string | null) => (text === null ? null : redactor.redact(text));
    const short = Object.entries(outputs).filter((entry): entry is [string, string | number | boolean] => !entry[0].startsWith("__") && ["string", "number", "boolean"].includes(typeof entry[1]) && String(entry[1]).length <= LONGEST_OUTPUT).slice(0, MOST_OUTPUTS);
    return {
      ...(id && { id: redactor.redact(id) }),
      ...(short.length > 0 && { outputs: Object.fromEntries(short.map(([output, value]) => [output, redactor.redact(String(value))])) }),
      ...(changed.length > 0 && { changed: changed.map((property) => ({ ...property, before: clean(property.before), after: clean(property.after) })) }),
    };
  };

  const write = (work: () => Promise<unknown>) => {
    writing = writing.then(async () => { if (!isOver) await work(); }).catch(onError);
  };
  const writeNewest = async () => {
    clearTimeout(timer);
    timer = undefined;
    const [batch, text] = [lines, waitingFor];
    [lines, waitingFor] = [[], undefined];
    if (batch.length > 0) await appendRunLog(db, runId, batch).catch(onError);
    if (text !== undefined) await setVpsStatus(db, userId, { waitingFor: beginningOf(redactor.redact(text), LONGEST_WAITING_FOR) }, undefined, runId);
  };
  // However much comes, one such write is due at a time: the next is planned when it has begun.
  const writeSoon = () => { timer ??= setTimeout(() => write(writeNewest), WRITE_INTERVAL_MS); };
  const phase = (name: Phase) => {
    // The phase before is over, and so is what was waited for in it.
    waitingFor = undefined;
    write(() => beginPhase(db, { runId, userId, phase: name }));
  };

  /** Written at once, and not when all has gone well: the VM of a user who fails is paid as well. */
  const vmKnown = (outputs: StackOutputs) => {
    const { vmId: hostingerVmId, ipv4: address, orderId: hostingerOrderId, subscriptionId } = vmOutputs.parse(outputs);
    const known = Object.fromEntries(Object.entries({ hostingerVmId, address, hostingerOrderId, subscriptionId }).filter(([, value]) => value !== undefined));
    if (hostingerVmId !== undefined) write(() => saveVpsResult(db, userId, known, runId));
  };

  return {
    phase,
    onEvent(event) {
      if (event.kind === "message") {
        if (event.severity !== "info") return;
        waitingFor = beginningOf(event.text, LONGEST_LINE);
        return writeSoon();
      }
      const type = event.type.slice(event.type.lastIndexOf(":") + 1);
      if (event.kind === "resource-started") {
        const begun = PHASE_OF[type];
        if (begun && isProvisioning(event.operation)) phase(begun);
        return;
      }
      const { name, operation, seconds } = event;
      if (type === "VirtualMachine" && !operation.startsWith("delete") && operation !== "discard") vmKnown(event.outputs ?? {});
      if (resources.length < MOST_RESOURCES) resources.push({ type, name, operation: event.failed ? `${operation} failed` : operation, seconds, ...shown(event) });
    },
    onLine(line) {
      lineCount += 1;
      if (lineCount > MOST_LINES) return;
      const clean = redactor.redact(line);
      const shown = clean.length > LONGEST_LINE ? `${beginningOf(clean, LONGEST_LINE)}… (${clean.length} characters)` : clean;
      lines.push(lineCount === MOST_LINES ? `… a run's log ends after ${MOST_LINES} lines` : shown);
      writeSoon();
    },
    resources: () => resources,
    async flush() {
      if (isOver) return;
      write(writeNewest);
      const limit = new AbortController();
      const isLate = sleep(FLUSH_LIMIT_MS, limit.signal).then(() => true, () => false);
      isOver = await Promise.race([writing.then(() => false), isLate]);
      limit.abort();
      if (isOver) onError(new Error(`nothing more of it is written, as PostgreSQL has not taken it within ${inSeconds(FLUSH_LIMIT_MS)}`));
    },
  };
}

/** The steps of an `up`, whether they change anything or not. */
function isProvisioning(operation: string): boolean {
  return operation === "create" || operation === "update" || operation === "same" || operation.startsWith("create-");
}
