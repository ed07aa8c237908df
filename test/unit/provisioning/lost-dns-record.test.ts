import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { lostDnsRecords } from "../../../src/provisioning/lost-dns-record.ts";
import type { LostDnsRecords } from "../../../src/provisioning/lost-dns-record.ts";

const OURS = { id: "ours", type: "A", name: "alice.spoq.dev", content: "127.0.0.9", proxied: false, ttl: 60 };

describe("lostDnsRecords", () => {
  let calls: string[];
  let answers: { status: number; result?: unknown }[];
  let dns: LostDnsRecords;
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    const { status, result } = answers.shift() ?? { status: 500 };
    response.writeHead(status, { "content-type": "application/json", "retry-after": "0" }).end(JSON.stringify({ success: status < 300, errors: [], messages: [], result }));
  });

  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    dns = lostDnsRecords({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/v4`, apiToken: "fake-cloudflare-token-for-tests", zoneId: "zone1" });
  });
  beforeEach(() => { calls = []; });
  afterAll(async () => {
    await dns.close();
    server.close();
  });

  it("removes the A record of the name and the address, and says so", async () => {
    answers = [{ status: 200, result: [OURS] }, { status: 200, result: { id: "ours" } }, { status: 404 }];
    assert.equal(await dns.removeUnknown(OURS), true);
    assert.deepEqual(calls, [
      "GET /client/v4/zones/zone1/dns_records?name=alice.spoq.dev&type=A&page=1&per_page=1000 Bearer fake-cloudflare-token-for-tests",
      "DELETE /client/v4/zones/zone1/dns_records/ours Bearer fake-cloudflare-token-for-tests",
      // An answer is not yet an effect.
      "GET /client/v4/zones/zone1/dns_records/ours Bearer fake-cloudflare-token-for-tests",
    ]);
  });

  it("leaves a record alone that points elsewhere", async () => {
    answers = [{ status: 200, result: [{ ...OURS, content: "127.0.0.10" }] }];
    assert.equal(await dns.removeUnknown(OURS), false);
    assert.equal(calls.length, 1);
  });

  it("tries again while the API is busy, and takes a record that is gone meanwhile as removed", async () => {
    answers = [{ status: 429 }, { status: 503 }, { status: 200, result: [OURS] }, { status: 404 }, { status: 404 }];
    assert.equal(await dns.removeUnknown(OURS), true);
    assert.equal(calls.length, 5);
  });

  it("tells which names lead to an address", async () => {
    answers = [{ status: 200, result: [OURS, { ...OURS, id: "other", content: "127.0.0.90" }] }];
    assert.deepEqual(await dns.namesOf("127.0.0.9"), ["alice.spoq.dev"]);
    assert.match(calls[0]!, /\?content=127\.0\.0\.9&type=A&/);
  });

  it("fails with a code and without the token when it is refused", async () => {
    answers = [{ status: 403 }];
    await assert.rejects(dns.removeUnknown(OURS), (error: Error & { code?: string }) => error.code === "API_FORBIDDEN" && !error.message.includes("fake-cloudflare"));
  });
});
