import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { notificationTargets } from "../../../src/config/notification-targets.ts";

const SECRET = `whsec_${Buffer.from("fake-secret-of-webhooks-for-tests").toString("base64")}`;
const WEBHOOK = { name: "backend", webhook: "https://backend.example.com/hooks/vps", secret: SECRET };
const parse = (targets: unknown) => notificationTargets.safeParse(typeof targets === "string" ? targets : JSON.stringify(targets));
const problem = (targets: unknown) => parse(targets).error?.issues[0]?.message ?? "";

describe("NOTIFICATION_TARGETS", () => {
  it("takes webhooks, Slack and e-mail, each with which events", () => {
    const { data } = parse([
      { ...WEBHOOK, events: ["vps.*", "findings.new"] },
      { name: "ops", slack: "https://hooks.slack.com/services/T0/B0/fake" },
      { name: "mail", email: ["a@example.com", "b@example.com"], from: "vps@example.com", smtp: "smtps://user:fake@mail.example.com" },
    ]);
    assert.deepEqual(data, [
      { format: "webhook", name: "backend", url: WEBHOOK.webhook, secrets: [SECRET], events: ["vps.*", "findings.new"] },
      { format: "slack", name: "ops", url: "https://hooks.slack.com/services/T0/B0/fake", events: ["*"] },
      { format: "email", name: "mail", to: ["a@example.com", "b@example.com"], from: "vps@example.com", smtp: "smtps://user:fake@mail.example.com", events: ["*"] },
    ]);
  });

  it("takes two secrets while one is changed, and plain http where nobody else listens", () => {
    assert.ok(parse([{ ...WEBHOOK, secret: [SECRET, SECRET] }]).success);
    for (const webhook of ["http://127.0.0.1:9090/a", "http://[::1]/", "http://10.1.2.3/", "http://backend:3000/hook"]) assert.ok(parse([{ ...WEBHOOK, webhook }]).success, webhook);
  });

  it("says which target and which field is wrong, all at once, and repeats no value", () => {
    const said = problem([{ ...WEBHOOK, webhook: "ftp://fake-host", name: "A" }, { name: "x" }, { name: "m", email: "nobody", from: "vps@example.com", smtp: "http://fake-host" }, { ...WEBHOOK, secret: "fake-secret" }]);
    for (const part of [/target 1: name: expected a name of lower-case/, /target 1: webhook: expected an https address/, /target 2: expected an object with 'webhook', 'slack' or 'email'/, /target 3: email: 0: expected an e-mail address/, /target 3: smtp: expected smtp:/, /target 4: secret: 0: expected whsec_/]) assert.match(said, part);
    assert.doesNotMatch(said, /fake/);
  });

  it("refuses what would not be told to anybody, told twice, or told in the clear", () => {
    assert.match(problem([{ ...WEBHOOK, events: ["vps.redy"] }]), /target 1: events: 0: expected '\*', or types such as 'vps\.\*': vps\.ready/);
    assert.match(problem([{ ...WEBHOOK, events: [] }]), /at least one type/);
    assert.match(problem([WEBHOOK, WEBHOOK]), /a different name for each target/);
    for (const webhook of ["http://backend.example.com/", "http://192.0.2.1/", "https://user:fake@backend.example.com/", "https://backend.example.com/#part"]) assert.match(problem([{ ...WEBHOOK, webhook }]), /webhook: expected an https address/, webhook);
    assert.match(problem([{ ...WEBHOOK, more: 1 }]), /target 1: .*more/);
    for (const text of ["fake", "{}", "null"]) assert.match(problem(text), /^expected a JSON list of targets$/);
  });
});
