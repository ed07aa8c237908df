/** What doctor finds where a worker runs: it alone has engine and tokens. */
import { hostname } from "node:os";
import type { PgBoss } from "pg-boss";
import { z } from "zod";
import { SECOND_MS } from "../../providers/core/time.ts";
import { answerQuestions, ask, LONGEST_ANSWER_MS } from "../jobs/questions.ts";
import type { Answering, FailedAnswer } from "../jobs/questions.ts";
import type { Environment, Role } from "../config/index.ts";
import type { Finding } from "./check.ts";
import { examine } from "./examine.ts";

export const DOCTOR_QUEUE = "user-vps-doctor";
/** Each check that asks another machine gives up after 8 s, the one that starts the engine after 20 s: see ask-engine.ts. */
const ANSWER_LIMIT_MS = 40 * SECOND_MS;

export interface WorkersFindings {
  /** The machine that the worker runs on. */
  readonly hostId: string;
  readonly findings: readonly Finding[];
}

/** undefined if no worker answers in time. */
export type AskDoctor = () => Promise<WorkersFindings | FailedAnswer | undefined>;

export function askDoctor(boss: PgBoss): AskDoctor {
  return () => ask<WorkersFindings>(boss, DOCTOR_QUEUE, {}, ANSWER_LIMIT_MS);
}

export interface DoctorOptions {
  readonly boss: PgBoss;
  readonly env: Environment;
  readonly role: Role;
  readonly databaseUrl: string;
  readonly redact: (text: string) => string;
  readonly log: (line: string) => void;
}

export function answerDoctor({ boss, env, role, databaseUrl, redact, log }: DoctorOptions): Promise<Answering> {
  return answerQuestions({
    boss, redact, log, queue: DOCTOR_QUEUE, limitMs: LONGEST_ANSWER_MS, schema: z.object({}),
    async answer(_question, signal): Promise<WorkersFindings> {
      const findings = await examine({ env, signal, databaseUrl }, role);
      return { hostId: hostname(), findings: findings.map((finding) => ({ ...finding, found: redact(finding.found), ...(finding.mend !== undefined && { mend: redact(finding.mend) }) })) };
    },
  });
}
