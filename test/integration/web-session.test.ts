/** The session of an operator's page in Chromium: logging out, and another login in the same browser. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { needing } from "../support/needs.ts";
import { openOperatorsBrowser, type OperatorsBrowser } from "../support/operators-browser.ts";
import { signToken } from "../support/tokens.ts";
import { operatorsWorld } from "./operators-support.ts";

const { address, jobs, user } = await operatorsWorld();

describe("an operators' page", needing("browser"), () => {
  let the: OperatorsBrowser;
  beforeAll(async () => {
    await user("alice");
    the = await openOperatorsBrowser({ address });
  });
  afterAll(() => the.close());

  const logInElsewhere = async (operator: string) => {
    const token = await signToken({ sub: operator, scope: "vps:admin" });
    assert.ok((await the.page.context().request.post(`${address}/session`, { data: { token } })).ok());
  };
  const restart = async () => {
    await the.page.getByRole("button", { name: "Restart…" }).click();
    await the.page.getByLabel("Why, for the record").fill("an example");
    await the.page.getByRole("button", { name: "Restart", exact: true }).click();
  };
  const operator = (name: string) => the.page.locator("#who .operator", { hasText: name }).waitFor();

  it("does what is asked for after the same operator has logged in anew in another tab", async () => {
    await the.open("/users/alice");
    await operator("operator@example.com");
    await logInElsewhere("operator@example.com");
    await restart();
    await the.page.getByText("Restart: asked for.").waitFor();
    assert.deepEqual(jobs.enqueued.map(({ operation }) => operation), ["power"]);
  });

  it("is reached by a link of another site, which brings no cookie along, without a second login", async () => {
    const { page } = the;
    const ticket = `${address.replace("127.0.0.1", "localhost")}/ticket`;
    const body = `<a href="${address}/users/alice?runs=1#facts">alice</a>`;
    await page.route(ticket, (route) => route.fulfill({ contentType: "text/html", body }));
    await page.goto(ticket);
    const login = page.waitForResponse((response) => new URL(response.url()).pathname === "/login");
    await page.getByRole("link", { name: "alice" }).click();
    assert.equal((await login).status(), 200);
    await page.waitForURL(`${address}/users/alice?runs=1#facts`);
    await operator("operator@example.com");
    await page.unroute(ticket);
    await the.open("/users/alice");
  });

  it("does nothing in the name of another operator who has logged in since, and shows who it is", async () => {
    await logInElsewhere("olga@example.com");
    await restart();
    await operator("olga@example.com");
    assert.deepEqual(jobs.enqueued, []);
  });

  it("stays, and says so, while logging out does not work", async () => {
    const { page } = the;
    await page.route("**/session", (route) => route.abort(), { times: 1 });
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("You may still be logged in. The service does not answer.").waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Operator's token").waitFor();
    await the.open("/users/alice");
    await page.getByLabel("Operator's token").waitFor();
  });

  it("ran without an error of a script and within its content security policy", () => assert.deepEqual(the.complaints, []));
});
