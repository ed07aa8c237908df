/** A receiver of notifications in a process of its own, which prints what it takes as lines of JSON. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { atEnd } from "./at-end.ts";

const PROJECT = resolve(import.meta.dirname, "..", "..");
const RECEIVERS = { webhook: "examples/webhook-receiver/receiver.js", slack: "test/support/slack-receiver.ts", smtp: "test/support/smtp-receiver.ts", otlp: "test/support/otlp-receiver.ts" } as const;

export interface ReceiverProcess<Taken> {
  readonly port: number;
  /** In the order in which they came. */
  readonly taken: readonly Taken[];
  /** kill -9 */
  kill(): Promise<void>;
}

export async function startReceiver<Taken>(kind: keyof typeof RECEIVERS, env: Readonly<Record<string, string>> = {}): Promise<ReceiverProcess<Taken>> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [resolve(PROJECT, RECEIVERS[kind])], { env: { PATH, HOME, PORT: "0", ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const taken: Taken[] = [];
  const lines = createInterface({ input: child.stdout }).on("line", (line) => taken.push(JSON.parse(line) as Taken));
  const kill = async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    lines.close();
  };
  atEnd(kill);
  let said = "";
  const port = await new Promise<number>((found, failed) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [, number] = /listening on (\d+)/.exec(said) ?? [];
      if (number) found(Number(number));
    });
    child.once("exit", (code) => failed(new Error(`the receiver ended with ${code}: ${said}`)));
  });
  return { port, taken, kill };
}
