/**
 * Receives user-vps's webhooks: verifies the signature, takes each message once, prints it as a line of JSON.
 * Nothing but Node is needed:
 *
 *     WEBHOOK_SECRET=whsec_… PORT=9090 node receiver.js
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const key = Buffer.from((process.env.WEBHOOK_SECRET ?? "").replace(/^whsec_/, ""), "base64");
// With an empty key, anybody could sign.
if (key.length < 24) throw new Error("Set WEBHOOK_SECRET to the target's secret: whsec_ and at least 24 bytes in base64.");
const MOST_BYTES = 1_000_000;
/** An older message may be one that somebody has recorded and sends again. */
const OLDEST_SECONDS = 300;
/** In earnest a table with a unique key, written in the same transaction as what the message leads to. */
const seen = new Set();

function isGenuine({ "webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": signatures = "" }, body) {
  if (!(Math.abs(Date.now() / 1_000 - Number(seconds)) <= OLDEST_SECONDS)) return false;
  const wanted = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest();
  // While the secret is changed, there is one signature with each.
  return signatures.split(" ").some((one) => {
    const given = Buffer.from(one.replace(/^v1,/, ""), "base64");
    return one.startsWith("v1,") && given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

async function receive(request, response) {
  const answer = (status) => response.writeHead(status).end();
  if (request.method !== "POST") return answer(405);
  // The signature is of these very bytes: they are parsed only afterwards.
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > MOST_BYTES) return request.destroy();
  }
  if (!isGenuine(request.headers, body)) return answer(401);
  const message = parsed(body);
  if (message === undefined) return answer(400);
  const id = request.headers["webhook-id"];
  const isNew = !seen.has(id);
  seen.add(id);
  // Answered at once: what takes long is done afterwards. Anything but 2xx brings the message again.
  answer(204);
  console.log(JSON.stringify({ id, isNew, ...message }));
}

// A sender that breaks off, for example: it sends the message again.
const server = createServer((request, response) => void receive(request, response).catch(() => response.destroy()));
server.listen(Number(process.env.PORT ?? 9090), "127.0.0.1", () => console.error(`listening on ${server.address().port}`));
