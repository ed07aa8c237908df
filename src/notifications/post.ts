/** One POST to an address that an operator has set: no redirects, one limit for all of it, and no more of an answer than says what is wrong. */
import type { Dispatcher } from "undici";
import { beginningOf } from "../../providers/core/cut-text.ts";
import { isLoopback } from "../../providers/core/http.ts";
import { messageOf } from "../../providers/core/errors.ts";
import { joinSignals } from "../../providers/core/join-signals.ts";
import { Agent, EnvHttpProxyAgent, originAndPath } from "../../providers/core/lean-undici.ts";
import { printable } from "../../providers/core/printable.ts";
import { waitAskedMs } from "../../providers/core/retry.ts";
import { inSeconds, SECOND_MS } from "../../providers/core/time.ts";
import type { SendOutcome, SenderOptions } from "./sender.ts";

const LONGEST_ANSWER_BYTES = 16_384;
const SHOWN_CHARACTERS = 200;
/** What an answer that says 'taken' may still take to end, so that its connection can be used again. */
const DRAIN_MS = 1 * SECOND_MS;
const CONNECTIONS = 4;
const GONE = 410;

/** What may be about what was sent. */
const UNFIT: ReadonlySet<number> = new Set([400, 413, 422]);

export interface Post {
  readonly body: string;
  /** For people, who may read less; sent in its place where the whole is refused. With it, what is refused still is unfit. */
  readonly shorterBody?: string;
  readonly headers: Readonly<Record<string, string>>;
}

export class PostAddress {
  readonly #url: URL;
  readonly #limitMs: number;
  readonly #dispatcher: Dispatcher;

  constructor(url: string, { limitMs }: SenderOptions) {
    this.#url = new URL(url);
    this.#limitMs = limitMs;
    const settings = { connections: CONNECTIONS, allowH2: false, connect: { timeout: limitMs }, headersTimeout: limitMs, bodyTimeout: limitMs };
    this.#dispatcher = isLoopback(this.#url.hostname) ? new Agent(settings) : new EnvHttpProxyAgent(settings);
  }

  /** 2xx is taken, whatever the body: it is decided as soon as the headers are there. */
  async send({ body, shorterBody, headers }: Post, signal: AbortSignal): Promise<SendOutcome> {
    return await this.#within<SendOutcome>(signal, async (within) => {
      const post = (text: string) => this.#dispatcher.request({ ...originAndPath(this.#url), method: "POST", body: text, headers: { "content-type": "application/json", "user-agent": "user-vps", ...headers }, signal: within });
      let answer = await post(body);
      if (UNFIT.has(answer.statusCode) && shorterBody !== undefined && shorterBody !== body) {
        await drain(answer, DRAIN_MS);
        answer = await post(shorterBody);
      }
      const status = answer.statusCode;
      if (status >= 200 && status < 300) {
        await drain(answer, DRAIN_MS);
        return { kind: "delivered" };
      }
      const retryAfterSeconds = retryAfter(answer.headers);
      const error = `answered ${status}${hintOf(status)}${await whatItSaid(answer)}`;
      if (status === GONE) return { kind: "gone", error };
      return UNFIT.has(status) && shorterBody !== undefined ? { kind: "unfit", error } : { kind: "failed", error, retryAfterSeconds };
    }, (error) => ({ kind: "failed", error }));
  }

  /** HEAD changes nothing anywhere; any answer shows that somebody is there. */
  async look(signal: AbortSignal): Promise<{ answers: boolean; said: string }> {
    return await this.#within(signal, async (within) => {
      const answer = await this.#dispatcher.request({ ...originAndPath(this.#url), method: "HEAD", headers: { "user-agent": "user-vps" }, signal: within });
      await drain(answer, DRAIN_MS);
      const isWrong = answer.statusCode === GONE || answer.statusCode >= 500 || (answer.statusCode >= 300 && answer.statusCode < 400);
      return { answers: !isWrong, said: `answers HEAD with ${answer.statusCode}${hintOf(answer.statusCode)}` };
    }, (said) => ({ answers: false, said }));
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #within<T>(signal: AbortSignal, work: (within: AbortSignal) => Promise<T>, failed: (error: string) => T): Promise<T> {
    const ends = joinSignals({ signals: [signal], limitMs: this.#limitMs });
    try {
      return await work(ends.signal);
    } catch (error) {
      signal.throwIfAborted();
      return failed(ends.signal.aborted ? `no answer within ${inSeconds(this.#limitMs)}` : `no answer: ${causeOf(error)}`);
    } finally {
      ends.leave();
    }
  }
}

async function drain({ body }: Dispatcher.ResponseData, limitMs: number): Promise<void> {
  await body.dump({ limit: LONGEST_ANSWER_BYTES, signal: AbortSignal.timeout(limitMs) }).catch(() => undefined);
}

/** Of a page there is nothing to show. */
async function whatItSaid({ body, headers }: Dispatcher.ResponseData): Promise<string> {
  const type = String(headers["content-type"] ?? "").split(";")[0]!.trim();
  if (type !== "text/plain" && type !== "application/json") {
    await drain({ body } as Dispatcher.ResponseData, DRAIN_MS);
    return type === "" ? "" : ` (${beginningOf(printable(type), 50)})`;
  }
  let text = "";
  const end = setTimeout(() => body.destroy(), DRAIN_MS);
  try {
    for await (const chunk of body) {
      text += String(chunk);
      if (text.length >= SHOWN_CHARACTERS) break;
    }
  } catch {
    // What came until then is enough.
  } finally {
    clearTimeout(end);
  }
  const shown = beginningOf(printable(text).replaceAll(/\s+/g, " ").trim(), SHOWN_CHARACTERS);
  return shown === "" ? "" : `: ${shown}`;
}

function hintOf(status: number): string {
  if (status >= 300 && status < 400) return ", a redirect, which is not followed: set the target to its new address";
  return status === GONE ? ": it wants nothing any more" : "";
}

function retryAfter({ "retry-after": asked, date }: Dispatcher.ResponseData["headers"]): number | undefined {
  const waitMs = typeof asked === "string" ? waitAskedMs({ "retry-after": asked, date: typeof date === "string" ? date : undefined }) : undefined;
  return waitMs === undefined ? undefined : Math.ceil(waitMs / SECOND_MS);
}

function causeOf(error: unknown): string {
  const code = (error as { code?: unknown }).code ?? ((error as { cause?: { code?: unknown } }).cause?.code);
  return typeof code === "string" ? code : beginningOf(messageOf(error), SHOWN_CHARACTERS);
}
