import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "vitest";
import type { ZoneState } from "../../../providers/cloudflare/zone.ts";
import { UserVpsError } from "../../../providers/core/errors.ts";
import { hostingerPower } from "../../../src/provisioning/power.ts";
import { liveFacts } from "../../../src/purchases/live-facts.ts";
import { until } from "../../support/until.ts";
import { FAKE_TOKEN } from "../hostinger-api/api-server.ts";

const ZONE: ZoneState = { recordCount: 3, fault: undefined };

describe("what is asked once for all who wait", () => {
  it("is told to the others when the run that asked first is cancelled, which waits no longer", async () => {
    const asked: ServerResponse[] = [];
    const server = createServer((_request, response) => { asked.push(response); });
    await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); });
    const vms = hostingerPower({ HOSTINGER_API_KEY: FAKE_TOKEN, HOSTINGER_API_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const read = liveFacts({ client: vms.client, zone: { read: async () => ZONE, close: async () => undefined }, paymentMethodId: undefined });
    const [ofAlice, ofBob] = [new AbortController(), new AbortController()];
    const [alices, bobs] = [ofAlice, ofBob].map(({ signal }) => read(vms.openSession({ signal, report: () => undefined }), "kvm1"));
    await until("both questions to be there", () => asked.length === 2);
    ofAlice.abort(new UserVpsError("CANCELLED", "The run was cancelled by an operator."));
    await assert.rejects(alices!, { code: "CANCELLED" });
    for (const response of asked) response.setHeader("content-type", "application/json").end("[]");
    assert.deepEqual(await bobs, { price: undefined, paymentFault: "the Hostinger account has no payment method", zone: ZONE });
    assert.equal(asked.length, 2);
    await vms.close();
    await new Promise((resolve) => { server.close(resolve); });
  });
});
