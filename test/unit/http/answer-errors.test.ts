import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { describe, it } from "vitest";
import { answerBrokenRequest } from "../../../src/http/answer-errors.ts";

/** As a client does that never lets go: its half stays open whatever the server does. */
async function request(beginning: string): Promise<{ text: string; closed: boolean; logged: readonly { reqId: string }[] }> {
  const logged: { reqId: string }[] = [];
  const server = createServer({ requestTimeout: 100, headersTimeout: 100, connectionsCheckingInterval: 20 }, () => undefined).on("clientError", (error, socket) => answerBrokenRequest(error, socket as Socket, { info: (of: { reqId: string }) => void logged.push(of) } as never));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const arrived = once(server, "connection") as Promise<[Socket]>;
  const client = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  client.on("error", () => undefined).setEncoding("utf8").write(beginning);
  let text = "";
  client.on("data", (part: string) => { text += part; });
  const [served] = await arrived;
  await once(served, "close");
  const closed = served.destroyed;
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
  return { text, closed, logged };
}

describe("a connection whose request is refused before it is one", () => {
  it("is answered 408 and closed by the server, though the client holds on", async () => {
    const { text, closed } = await request("GET / HTTP/1.1\r\nHost: x\r\nX-Slow");
    assert.match(text, /^HTTP\/1\.1 408 /);
    assert.match(text, /"REQUEST_TIMEOUT"/);
    assert.equal(closed, true);
  });

  it("likewise while its body is dripping in, and where it is no HTTP", async () => {
    const { text, logged } = await request("this is no HTTP\r\n\r\n");
    assert.match(text, /^HTTP\/1\.1 400 /);
    const requestId = /^x-request-id: (.*)$/im.exec(text)?.[1]?.trim();
    assert.deepEqual(logged.map(({ reqId }) => reqId), [requestId], "the log is searched for it");
    assert.match((await request("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")).text, /^HTTP\/1\.1 408 /);
  });
});
