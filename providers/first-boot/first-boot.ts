/**
 * Looks, while a VPS is not yet healthy, how far its post-install script is: which step it is in; whether
 * it stopped or a restart cut it off, and then it is run again where that may help, or the wait ends with the step and what it
 * printed last; and what Caddy was told where it gets no certificate.
 */
import { UserVpsError } from "../core/errors.ts";
import { SECOND_MS } from "../core/time.ts";
import type { Stage } from "../health/target.ts";
import { runCommand } from "../ssh/run-command.ts";
import type { SshServer } from "../ssh/run-command.ts";
import { progressText } from "./boot-progress.ts";
import type { BootProgress } from "./boot-progress.ts";
import { rateLimitIn } from "./caddy-log.ts";
import { fetchBootLog } from "./fetch-boot-log.ts";

/** Between two looks of one wait. */
const INTERVAL_MS = 15 * SECOND_MS;
const COMMAND_LIMIT_MS = 10 * SECOND_MS;
/** Of the script, by itself: the first boot's and the repeated ones. */
const MOST_RUNS = 3;

/**
 * What becomes of the script, in a word. At its end it removes itself. A log that is older than the machine's last start is
 * of a run which that start cut off: nothing else goes on with it.
 */
const STATE = `if [ ! -e /post_install ]; then echo over
elif pgrep -f "^(/bin/)?bash /post_install" > /dev/null; then echo running
elif [ "$(stat -c %Y /post_install.log)" -lt "$(date -d "$(uptime -s)" +%s)" ]; then echo cut off
else echo stopped; fi`;
const RUN_AGAIN = "setsid -f bash /post_install >> /post_install.log 2>&1 < /dev/null";
const CADDY_LOG = "journalctl -u caddy -n 200 -o cat --no-pager";

/** Why a VPS is not healthy yet, as it tells itself. */
export interface Explanation {
  /** `first boot: step 3 of 12, user spoq` */
  readonly text: string;
  /** What it is called if it does not pass within the time limit. */
  readonly code?: "CERTIFICATE_RATE_LIMITED";
}

export interface FirstBootOptions {
  readonly hostname: string;
  readonly server: SshServer;
  /** What must not be shown: the log is the VPS's own. */
  readonly secrets: readonly string[];
}

export class FirstBoot {
  readonly #options: FirstBootOptions;
  #lookedMs = -Infinity;
  #said: Explanation | undefined;

  constructor(options: FirstBootOptions) {
    this.#options = options;
  }

  /**
   * @param stage at which the VPS is not healthy
   * @returns what is known; undefined if nothing, as long as the VPS lets nobody in
   * @throws UserVpsError FIRST_BOOT_FAILED
   */
  async look(stage: Stage, signal: AbortSignal): Promise<Explanation | undefined> {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs < INTERVAL_MS) return this.#said;
    this.#lookedMs = nowMs;
    try {
      this.#said = await this.#ask(stage, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof UserVpsError && error.code === "FIRST_BOOT_FAILED") throw error;
      this.#said = undefined;
    }
    return this.#said;
  }

  async #ask(stage: Stage, signal: AbortSignal): Promise<Explanation | undefined> {
    const progress = await this.#progress(signal);
    const isUnderWay = progress !== undefined && progress.outcome !== "complete";
    const state = isUnderWay ? await this.#say(STATE, signal) : "over";
    if (!isUnderWay || state === "over") return stage === "tls" ? await this.#askCaddy(signal) : undefined;
    const place = progress.step === null ? "an unknown step" : `step ${progress.step.number} of ${progress.step.of}, ${progress.step.title}`;
    const isCutOff = progress.outcome === "unfinished" && state === "cut off";
    if (progress.outcome === "unfinished" && !isCutOff) return progress.step === null ? undefined : { text: `first boot: ${place}` };
    if (state === "running") return { text: `first boot: it stopped in ${place}, and is run again` };
    if ((progress.mayPass || isCutOff) && progress.begun < MOST_RUNS && (await this.#does(RUN_AGAIN, signal))) {
      const what = isCutOff ? `a restart cut it off in ${place}` : `it stopped in ${place}, which may pass`;
      return { text: `first boot: ${what}; run ${progress.begun + 1} of ${MOST_RUNS} begins` };
    }
    throw new UserVpsError("FIRST_BOOT_FAILED", `On ${this.#options.hostname}: ${this.#redacted(progressText(progress))}\n`);
  }

  /** undefined: there is no log, as of a VPS that was handed over by a pool. */
  async #progress(signal: AbortSignal): Promise<BootProgress | undefined> {
    try {
      return (await fetchBootLog(this.#options.server, signal, COMMAND_LIMIT_MS)).progress;
    } catch (error) {
      if (error instanceof UserVpsError && error.code === "SCRIPT_LOG_MISSING") return undefined;
      throw error;
    }
  }

  /** A certificate that is refused, told from one that is not yet there. */
  async #askCaddy(signal: AbortSignal): Promise<Explanation | undefined> {
    const limit = rateLimitIn(await this.#say(CADDY_LOG, signal));
    return limit === undefined ? undefined : { code: "CERTIFICATE_RATE_LIMITED", text: `the authority refuses a certificate for a rate limit: ${this.#redacted(limit)}` };
  }

  async #does(command: string, signal: AbortSignal): Promise<boolean> {
    return (await runCommand(this.#options.server, { command, signal, timeoutMs: COMMAND_LIMIT_MS })).status === 0;
  }

  async #say(command: string, signal: AbortSignal): Promise<string> {
    return (await runCommand(this.#options.server, { command, signal, timeoutMs: COMMAND_LIMIT_MS })).stdout.trim();
  }

  #redacted(text: string): string {
    return this.#options.secrets.filter((secret) => secret !== "").reduce((clean, secret) => clean.replaceAll(secret, "[secret]"), text);
  }
}
