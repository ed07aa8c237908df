/** /post_install.log of a user's VPS, read over SSH by a worker: it alone has the stack's password. */
import type { PgBoss } from "pg-boss";
import type { Pool } from "pg";
import { z } from "zod";
import { beginningOf } from "../../providers/core/cut-text.ts";
import { UserVpsError } from "../../providers/core/errors.ts";
import { fetchBootLog } from "../../providers/first-boot/fetch-boot-log.ts";
import type { BootProgress } from "../../providers/first-boot/boot-progress.ts";
import { createRedactor } from "../provisioning/redact.ts";
import { wayInto, type ExportedStack, type WayInSettings } from "../provisioning/way-in.ts";
import { findVpsByUserId } from "../records/index.ts";
import { ANSWER_LIMIT_MS, answerQuestions, ask, LONGEST_ANSWER_MS } from "./questions.ts";
import type { Answering, FailedAnswer } from "./questions.ts";

export const BOOT_LOG_QUEUE = "user-vps-boot-log";
/** The newest; a log that somebody lets grow does not fill the database. */
const MOST_LINES = 2_000;
const LONGEST_LINE = 2_000;

export interface BootLog extends BootProgress {
  readonly address: string;
  readonly hostKeyFingerprint: string;
  /** false: the stack has pinned no key, so whoever answered at the VM's address was trusted. */
  readonly hostKeyVerified: boolean;
  /** The newest; holds no secret. */
  readonly lines: readonly string[];
}

/** undefined if no worker answers in time. */
export type AskBootLog = (userId: string) => Promise<BootLog | FailedAnswer | undefined>;

const questionSchema = z.object({ userId: z.string().min(1) });

export function askBootLog(boss: PgBoss): AskBootLog {
  return (userId) => ask<BootLog>(boss, BOOT_LOG_QUEUE, { userId }, ANSWER_LIMIT_MS);
}

export interface BootLogOptions {
  readonly boss: PgBoss;
  readonly pool: Pool;
  readonly exportStack: (username: string, signal: AbortSignal) => Promise<ExportedStack>;
  readonly ssh: WayInSettings;
  readonly redact: (text: string) => string;
  readonly log: (line: string) => void;
}

export function answerBootLog({ boss, pool, exportStack, ssh, redact, log }: BootLogOptions): Promise<Answering> {
  return answerQuestions({
    boss, redact, log, queue: BOOT_LOG_QUEUE, limitMs: LONGEST_ANSWER_MS, schema: questionSchema,
    async answer({ userId }, signal): Promise<BootLog> {
      const user = await findVpsByUserId(pool, userId);
      if (!user?.hostingerVmId) throw new UserVpsError("INPUT_INVALID", "There is no VM of this user.", { next: "Wait until it is ready." });
      const { server, secrets } = wayInto(user.username, await exportStack(user.username, signal), ssh);
      const { lines, progress, hostKeyFingerprint } = await fetchBootLog(server, signal);
      const redactor = createRedactor(...secrets);
      const clean = (all: readonly string[]) => all.slice(-MOST_LINES).map((line) => beginningOf(redactor.redact(line), LONGEST_LINE));
      return { address: server.host, hostKeyFingerprint, hostKeyVerified: server.hostKey !== undefined, ...progress, lastLines: clean(progress.lastLines), lines: clean(lines) };
    },
  });
}
