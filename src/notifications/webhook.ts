/** Signed as Standard Webhooks has it (standardwebhooks.com), which has receivers' libraries in many languages. */
import { createHmac } from "node:crypto";
import { SECOND_MS } from "../../providers/core/time.ts";
import type { WebhookTarget } from "../config/index.ts";
import { PostAddress } from "./post.ts";
import type { Sender, SenderOptions } from "./sender.ts";

/** One event; the id and the body stay the same for each try, time stamp and signature do not. */
export function webhookSender({ url, secrets }: WebhookTarget, options: SenderOptions): Sender {
  const address = new PostAddress(url, options);
  return {
    send({ messageId, events: [event] }, signal) {
      const { type, at, data } = event!;
      const body = JSON.stringify({ type, timestamp: at, data });
      const seconds = Math.floor(Date.now() / SECOND_MS);
      return address.send({ body, headers: { "webhook-id": messageId, "webhook-timestamp": String(seconds), "webhook-signature": secrets.map((secret) => sign(secret, messageId, seconds, body)).join(" ") } }, signal);
    },
    look: (signal) => address.look(signal),
    close: () => address.close(),
  };
}

/** `v1,` and the HMAC-SHA256 of id, time stamp and body, in base64. */
function sign(secret: string, id: string, seconds: number, body: string): string {
  return `v1,${createHmac("sha256", Buffer.from(secret.slice("whsec_".length), "base64")).update(`${id}.${seconds}.${body}`).digest("base64")}`;
}
