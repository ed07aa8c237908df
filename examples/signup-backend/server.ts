/** A backend in one file: a form signs a user up, the user goes on to the page of their VPS, and this program hears how it comes along. */
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { SignJWT } from "jose";

const { USER_VPS_URL = "http://127.0.0.1:8080", JWT_SECRET, PORT = "3000" } = process.env;
if (!JWT_SECRET) throw new Error("Set JWT_SECRET to that of user-vps.");

const FORM = `<!doctype html><html lang="en"><title>Sign up</title><form method="post"><label>User name <input name="username" required></label> <button>Sign up</button></form></html>`;

/** A real backend has users of its own and signs them in; here whoever names themselves is that user. */
const tokenOf = (username: string) => new SignJWT({ username }).setProtectedHeader({ alg: "HS256" }).setSubject(`user-${username}`).setExpirationTime("30 minutes").sign(new TextEncoder().encode(JWT_SECRET));

async function ask(path: string, token: string, body: object = {}): Promise<{ url: string }> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(`${USER_VPS_URL}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const value = await answer.json() as { url: string; error?: { message: string } };
  if (!answer.ok) throw new Error(value.error?.message ?? `user-vps answered ${answer.status}`);
  return value;
}

/** Server-sent events, until the VPS is ready or has failed. */
async function follow(username: string, token: string): Promise<void> {
  const answer = await fetch(`${USER_VPS_URL}/api/vps/events`, { headers: { authorization: `Bearer ${token}` } });
  let rest = "";
  for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + part).split("\n\n");
    rest = events.pop()!;
    for (const data of events.map((event) => /^data: (.*)$/m.exec(event)?.[1]).filter((found) => found !== undefined)) {
      const { status, phase } = JSON.parse(data) as { status: string; phase: string | null };
      console.log(`${username}: ${status}${phase ? `, ${phase}` : ""}`);
      if (status === "ready" || status === "failed") return;
    }
  }
}

const server = createServer((request, response) => void (async () => {
  if (request.method !== "POST") return response.writeHead(200, { "content-type": "text/html" }).end(FORM);
  const username = new URLSearchParams(await text(request)).get("username") ?? "";
  const token = await tokenOf(username);
  // The data center is to be near the user, not near this backend. Behind a proxy the socket's end is the proxy: take what your framework
  // makes of `X-Forwarded-For` (`request.ip` in Express and Fastify, with the proxy trusted).
  await ask("/api/vps/provision", token, { clientAddress: request.socket.remoteAddress });
  void follow(username, token).catch((error: unknown) => console.error(`${username}: ${String(error)}`));
  const { url } = await ask("/api/vps/hand-over", token);
  return response.writeHead(303, { location: url }).end();
})().catch((error: unknown) => response.writeHead(502, { "content-type": "text/plain" }).end(String(error))));

await once(server.listen(Number(PORT), "127.0.0.1"), "listening");
console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
