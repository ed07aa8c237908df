/** How many of a fleet's VPSs are looked at again before something is said of them; against a server that never answers. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterAll, beforeAll, describe, it } from "vitest";
import { probeFleet } from "../../src/drift/probe-fleet.ts";
import type { FleetUser } from "../../src/drift/users.ts";

const sockets = new Set<Socket>();
const silent = createServer((socket) => void sockets.add(socket.on("error", () => undefined)));
beforeAll(() => new Promise<void>((resolve) => void silent.listen(0, "127.0.0.1", resolve)));
afterAll(() => new Promise((resolve) => {
  for (const socket of sockets) socket.destroy();
  silent.close(resolve);
}));

/** So many answer nothing; the others have no address yet, and nothing is asked of them. */
async function probed(silentOnes: number, of: number) {
  const users = Array.from({ length: of }, (_, place) => ({ userId: `u-user${place}`, username: `user${place}`, hostname: `user${place}.spoq.dev`, address: place < silentOnes ? "127.0.0.1" : null, isPooled: true }) as FleetUser);
  const { findings, unsure } = await probeFleet(users, { target: { port: (silent.address() as AddressInfo).port, path: "/health", expectedStatus: 200 }, timeoutMs: 20 });
  const count = (kind: string) => findings.filter((one) => one.kind === kind).length;
  return { unhealthy: count("Unhealthy"), doubted: count("ProberDoubted"), unsure: unsure.length };
}

describe("an outage of a part of the fleet", () => {
  it("that is small is told of each of its VPSs, also beyond the first ones that were looked at again", async () => {
    assert.deepEqual(await probed(35, 500), { unhealthy: 35, doubted: 0, unsure: 0 });
  });

  it("that is too long to look at to its end says nothing of the rest, neither that it is ill nor that it is well", async () => {
    assert.deepEqual(await probed(105, 1_100), { unhealthy: 100, doubted: 0, unsure: 5 });
  });

  it("that is large is told of the prober after a few, and of nobody else", async () => {
    assert.deepEqual(await probed(60, 500), { unhealthy: 0, doubted: 1, unsure: 60 });
  });
});
