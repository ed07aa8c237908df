import type { ServerResponse } from "node:http";
import type { Sending } from "./faults.ts";
import type { ApiAnswer } from "./router.ts";

const WITHOUT_BODY = new Set([204, 304]);

/** Sends an answer, whole or as `sending` says. A text is sent as it is, anything else as JSON. */
export async function send(response: ServerResponse, answer: ApiAnswer, sending: Sending, wait: (ms: number) => Promise<void>): Promise<void> {
  const isText = typeof answer.body === "string";
  const whole = WITHOUT_BODY.has(answer.status) ? Buffer.alloc(0) : Buffer.from(isText ? (answer.body as string) : (JSON.stringify(answer.body) ?? ""));
  const body = whole.subarray(0, sending.keepBytes);
  const length: Record<string, string> = WITHOUT_BODY.has(answer.status) ? {} : { "content-length": String(body.length) };
  for (const [name, value] of Object.entries({ "content-type": isText ? "text/html" : "application/json", ...length, ...answer.headers, ...sending.headers })) {
    if (value !== "") response.setHeader(name, value);
    else if (name.toLowerCase() === "date") response.sendDate = false;
  }
  response.writeHead(answer.status);
  response.flushHeaders();
  const sent = body.subarray(0, sending.cutAfterBytes);
  const pieceBytes = sending.dripEveryMs === undefined ? sent.length : (sending.dripBytes ?? 1);
  for (let at = 0; at < sent.length && !response.destroyed; at += pieceBytes) {
    await new Promise<void>((resolve) => void response.write(sent.subarray(at, at + pieceBytes), () => resolve()));
    if (sending.dripEveryMs !== undefined) await wait(sending.dripEveryMs);
  }
  if (sending.cutAfterBytes === undefined) response.end();
  else response.destroy();
}
