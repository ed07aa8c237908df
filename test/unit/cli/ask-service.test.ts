import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { jwtVerify } from "jose";
import { describe, it, vi } from "vitest";
import { EXIT, exitCodeOf } from "../../../src/cli/exit-codes.ts";
import { askService } from "../../../src/cli/service-client/ask-service.ts";
import { atEnd } from "../../support/at-end.ts";
import { TEST_JWT_SECRET } from "../../support/tokens.ts";

const DAY_MS = 86_400_000;

async function listening() {
  const asked: IncomingHttpHeaders[] = [];
  const server = createServer(({ headers }, response) => {
    asked.push(headers);
    response.writeHead(200, { "content-type": "application/json" }).end('{"items":[]}');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  atEnd(() => void server.close());
  return { asked, PORT: String((server.address() as AddressInfo).port) };
}

describe("asking the service", () => {
  it("what is not the service's answer is said to be a wrong address, unless it may be another one the next time", async () => {
    for (const [status, text, code] of [[200, "<html>log in</html>", EXIT.usedWrongly], [404, "{}", EXIT.usedWrongly], [302, "", EXIT.usedWrongly], [502, "<html>bad gateway</html>", EXIT.tryAgainLater], [503, "{}", EXIT.tryAgainLater]] as const) {
      const server = createServer((_, response) => response.writeHead(status, { "content-type": "text/html" }).end(text)).listen(0, "127.0.0.1");
      await once(server, "listening");
      atEnd(() => void server.close());
      const env = { PORT: String((server.address() as AddressInfo).port), JWT_SECRET: TEST_JWT_SECRET };
      const asked = askService({ env, signal: new AbortController().signal }, (service) => service.GET("/api/admin/sweeps"));
      await assert.rejects(asked, (error) => exitCodeOf(error) === code && /USER_VPS_URL/.test(String(error)), `${status} ${text}`);
    }
  });

  it("on its own machine, each request has a token that is still good, however long a command takes", async () => {
    const { asked, PORT } = await listening();
    vi.useFakeTimers({ toFake: ["Date"] });
    atEnd(() => vi.useRealTimers());
    const startMs = Date.now();
    await askService({ env: { PORT, JWT_SECRET: TEST_JWT_SECRET }, signal: new AbortController().signal }, async (service) => {
      await service.GET("/api/admin/sweeps");
      vi.setSystemTime(startMs + DAY_MS);
      await service.GET("/api/admin/sweeps");
    });
    assert.equal(asked.length, 2);
    for (const [index, { authorization = "" }] of asked.entries()) {
      await jwtVerify(authorization.replace("Bearer ", ""), new TextEncoder().encode(TEST_JWT_SECRET), { currentDate: new Date(startMs + index * DAY_MS) });
    }
  });
});
