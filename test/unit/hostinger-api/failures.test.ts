import assert from "node:assert/strict";
import { inspect } from "node:util";
import { describe, it } from "vitest";

import { UserVpsError } from "../../../providers/core/errors.ts";
import { MAX_ANSWER_BYTES } from "../../../providers/core/http.ts";
import { withoutSecrets } from "../../../providers/hostinger/api/failures.ts";
import { HostingerClient } from "../../../providers/hostinger/api/client.ts";
import { FAKE_TOKEN, startApiServer, type Answer } from "./api-server.ts";

const PASSWORD = `Fake"Password\\For-Tests`;
const CONTENT = "#!/bin/bash\nJWT_SECRET='fake-jwt-secret-for-tests'\necho hello\n";

async function errorOf(answer: Answer, run: (client: HostingerClient) => Promise<unknown>): Promise<UserVpsError> {
  await using server = await startApiServer(answer);
  const error: unknown = await run(server.client({ retryLimitMs: 0 })).then(() => undefined, (reason: unknown) => reason);
  assert.ok(error instanceof UserVpsError);
  return error;
}

describe("an error of the API", () => {
  it("holds method, path, status, Hostinger's message, field errors and correlation id", async () => {
    const json = { message: "The name field is required. (and 1 more error)", errors: { name: ["The name field is required."], port: ["Bad.", "Worse."] }, correlation_id: "26a91bd9-f8c8" };
    const error = await errorOf({ status: 422, json }, (client) => client.firewalls.create(""));
    assert.equal(error.code, "API_REJECTED");
    assert.equal(error.status, 422);
    assert.equal(error.correlationId, "26a91bd9-f8c8");
    assert.match(error.message, /POST \/api\/vps\/v1\/firewall answered 422: The name field is required\. \(and 1 more error\) \(name: The name field is required\.; port: Bad\. Worse\.\)/);
    assert.match(error.message, /correlation id 26a91bd9-f8c8/);
  });

  it("reads the message under `error` too, as the API's introduction has it", async () => {
    assert.match((await errorOf({ status: 400, json: { error: "Nope" } }, (client) => client.dataCenters.list())).message, /answered 400: Nope\./);
  });

  it("does without a message, and with a body of another shape", async () => {
    for (const answer of [{}, { json: { message: 7, errors: "x", correlation_id: {} } }]) {
      assert.match((await errorOf({ ...answer, status: 404 }, (client) => client.virtualMachines.get(7))).message, /GET \/api\/vps\/v1\/virtual-machines\/7 answered 404\./);
    }
  });

  it("is told apart from a page of something in front of the API, which passes and says nothing of the object", async () => {
    for (const [status, answer, said] of [
      [403, { text: "<html>blocked</html>", headers: { "content-type": "text/html; charset=utf-8" } }, "text/html that is no JSON, of 20 characters"],
      [404, { text: "<html>" }, "application/json that is no JSON, of 6 characters"],
      [401, { text: "" }, "an empty body"],
      [200, { text: "<html>maintenance</html>" }, "that is no JSON"],
      [200, { text: '[{"id": 1, "state": "runn' }, "that is no JSON"],
      [302, { text: "" }, "an empty body"],
    ] as const) {
      const error = await errorOf({ ...answer, status }, (client) => client.virtualMachines.get(7));
      assert.deepEqual([error.code, error.retry, error.status], ["API_ANSWER_UNREADABLE", "backoff", status]);
      assert.ok(error.message.includes(`answered ${status} with `) && error.message.includes(said), error.message);
    }
  });

  it("is told apart from JSON of something in front of the API, which says what it is", async () => {
    const problem = { type: "https://example.org/errors/1020/", title: "Error 1020: Access denied", status: 403, detail: "The site owner has blocked you.", error_code: 1020 };
    for (const [status, json, said] of [
      [401, problem, "JSON that is not of the API's errors: Error 1020: Access denied."], [403, problem, "Error 1020: Access denied."], [404, problem, "Error 1020: Access denied."], [409, problem, "Error 1020: Access denied."],
      [404, {}, "JSON that is not of the API's errors."], [404, ["?"], "JSON that is not of the API's errors."], [403, "blocked", "JSON that is not of the API's errors."],
      [302, { message: "Moved." }, "JSON that is not of the API's errors."],
    ] as const) {
      const error = await errorOf({ status, json }, (client) => client.virtualMachines.get(7));
      assert.deepEqual([error.code, error.retry, error.status], ["API_ANSWER_UNREADABLE", "backoff", status]);
      assert.ok(error.message.includes(`answered ${status} with `) && error.message.includes(said), error.message);
    }
    const unavailable = await errorOf({ status: 522, json: { ...problem, title: "Error 522: Connection timed out" } }, (client) => client.virtualMachines.get(7));
    assert.match(unavailable.message, /^API_UNAVAILABLE: GET \S+ answered 522: Error 522: Connection timed out\./);
  });

  it("holds no character that PostgreSQL or the engine does not take", async () => {
    const text = String.raw`{"message": "a\u0000b\ud83dc\ude00d \ud83d\ude00 \\u0000", "correlation_id": "x"}`;
    const error = await errorOf({ status: 422, text }, (client) => client.virtualMachines.get(7));
    assert.equal(error.message.isWellFormed(), true);
    assert.ok(error.message.includes("answered 422: ab\ufffdc\ufffdd 😀 \\u0000."), error.message);
  });

  it("is clear about an answer that is longer than what is read", async () => {
    const error = await errorOf({ text: " ".repeat(MAX_ANSWER_BYTES + 1) }, (client) => client.virtualMachines.list());
    assert.equal(error.code, "API_ANSWER_UNREADABLE");
    assert.match(error.message, /the answer is longer than what is read of one/);
  });

  it("leaves out the query", async () => {
    const error = await errorOf({ status: 400 }, (client) => client.catalog.list({ name: "KVM*" }));
    assert.doesNotMatch(error.message, /\?|KVM/);
  });

  it("caps a long message", async () => {
    assert.ok((await errorOf({ status: 400, json: { message: "x".repeat(5_000) } }, (client) => client.dataCenters.list())).message.length < 700);
  });
});

describe("a secret that was sent", () => {
  const echo = (...texts: string[]): Answer => ({ status: 422, json: { message: texts.join(" | "), errors: { field: texts, [texts[0] ?? ""]: ["is bad"] } } });
  const calls: [string, string[], (client: HostingerClient) => Promise<unknown>][] = [
    ["the token", [FAKE_TOKEN], (client) => client.virtualMachines.list()],
    ["a root password", [PASSWORD], (client) => client.virtualMachines.setRootPassword(1, PASSWORD)],
    ["a password of setup", [PASSWORD], (client) => client.virtualMachines.setup(1, { templateId: 1, dataCenterId: 2, password: PASSWORD })],
    ["the passwords of recreate", [PASSWORD, "fake-panel-password"], (client) => client.virtualMachines.recreate(1, { templateId: 1, password: PASSWORD, panelPassword: "fake-panel-password" })],
    ["a password of a purchase", [PASSWORD], async (client) => {
      const outcome = await client.virtualMachines.purchase({ itemId: "x", setup: { templateId: 1, dataCenterId: 2, password: PASSWORD } });
      throw outcome.kind === "refused" ? outcome.error : new Error(`unexpected: ${outcome.kind}`);
    }],
    ["a new script's content", [CONTENT], (client) => client.scripts.create({ name: "x", content: CONTENT })],
    ["a changed script's content, line by line", ["JWT_SECRET='fake-jwt-secret-for-tests'"], (client) => client.scripts.update(1, { name: "x", content: CONTENT })],
  ];
  for (const [what, secrets, run] of calls) {
    it(`is not in the error when the API repeats it: ${what}`, async () => {
      const error = await errorOf(echo(...secrets), run);
      const seen = `${inspect(error, { depth: 10, showHidden: true })}${error.message}${error.stack}${JSON.stringify(error)}`;
      for (const secret of [...secrets, FAKE_TOKEN, "fake-jwt-secret-for-tests"]) {
        assert.equal(seen.includes(secret), false);
        assert.equal(seen.includes(JSON.stringify(secret).slice(1, -1)), false);
      }
      assert.match(error.message, /\[secret\]/);
    });
  }

  it("is not in an error about the answer's shape", async () => {
    const error = await errorOf({ json: { id: FAKE_TOKEN, name: 5, content: CONTENT } }, (client) => client.scripts.get(1));
    assert.equal(error.code, "API_ANSWER_UNEXPECTED");
    assert.match(error.message, /answered 200, but id: /);
    assert.equal(inspect(error, { depth: 10 }).includes(FAKE_TOKEN) || inspect(error, { depth: 10 }).includes("JWT"), false);
  });

  it("is not shown with the client", () => {
    const client = new HostingerClient({ apiKey: FAKE_TOKEN });
    assert.equal(inspect(client, { depth: 10, showHidden: true }).includes(FAKE_TOKEN), false);
    return client.close();
  });

  it("is not in the refusal of a token that cannot be one", () => {
    for (const apiKey of ["", "fake token", "fake-token\n"]) {
      assert.throws(() => new HostingerClient({ apiKey }), (error) => error instanceof UserVpsError && error.code === "CONFIG_INVALID" && !(apiKey && error.message.includes(apiKey)));
    }
  });
});

describe("withoutSecrets", () => {
  it("blots out a secret before the text is cut, so that no half of it stays", () => {
    const text = `${"x".repeat(490)}fake-password-for-tests`;
    assert.equal(withoutSecrets(text, ["fake-password-for-tests"]).includes("fake"), false);
  });

  it("blots out the longer of two secrets first", () => {
    assert.equal(withoutSecrets("fake-one-and-more", ["fake-one", "fake-one-and-more"]), "[secret]");
  });

  it("ignores an empty secret", () => {
    assert.equal(withoutSecrets("as it is", [""]), "as it is");
  });
});
