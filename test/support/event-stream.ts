/** A client of server-sent events, for tests. */
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { atEnd } from "./at-end.ts";

const LIMIT_MS = 120_000;

/** As much of the status as tests look at. */
export interface StatusData {
  readonly username: string;
  readonly status: string;
  readonly phase: string | null;
  readonly waitingFor: string | null;
  readonly failure: { readonly reason: string } | null;
  readonly version: number;
  readonly queue: { readonly position: number; readonly total: number } | null;
  readonly phases: readonly { readonly phase: string }[];
}

export interface TestStream {
  readonly contentType: string;
  /** The next event; heartbeats are skipped. */
  next(): Promise<{ id: string; data: StatusData }>;
  /** Resolves when the server has ended the stream. */
  ended(): Promise<void>;
  close(): Promise<void>;
}

/** Rejects with the status, if it is not 200. Ends with the test that opens it: there may be only so many of a user's. */
export async function openStream(url: string, headers: Record<string, string>): Promise<TestStream> {
  const [answer] = (await once(get(url, { headers, agent: false }), "response")) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}: ${await text(answer)}`);
  atEnd(() => answer.destroy());
  const blocks = blocksOf(answer);
  const inTime = async <T>(work: Promise<T>): Promise<T> => {
    const timer = new AbortController();
    const late = sleep(LIMIT_MS, undefined, { signal: timer.signal }).then(() => { throw new Error("nothing came in time"); });
    return Promise.race([work, late]).finally(() => { timer.abort(); late.catch(() => undefined); });
  };
  return {
    contentType: answer.headers["content-type"] ?? "",
    next: () => inTime((async () => {
      for (;;) {
        const { value, done } = await blocks.next();
        if (done) throw new Error("the stream has ended");
        const data = /^data: (.*)$/m.exec(value)?.[1];
        if (data) return { id: /^id: (.*)$/m.exec(value)?.[1] ?? "", data: JSON.parse(data) as StatusData };
      }
    })()),
    ended: () => inTime((async () => { while (!(await blocks.next()).done); })()),
    async close() {
      answer.destroy();
      await blocks.return(undefined).catch(() => undefined);
    },
  };
}

async function* blocksOf(body: IncomingMessage): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of body.setEncoding("utf8")) {
    const parts = (rest + chunk).split("\n\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
