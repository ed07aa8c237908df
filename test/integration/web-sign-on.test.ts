/** Operators' login by a one-time link, and by a real OpenID Connect provider in Chromium. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Page } from "playwright-core";
import { assertRefusal } from "../support/assert-refusal.ts";
import { openBrowser, type Browser } from "../support/browser.ts";
import { withApp } from "../support/http-app.ts";
import { CLIENT, startIdentityProvider, type IdentityProvider } from "../support/identity-provider.ts";
import { needing } from "../support/needs.ts";
import { asUser, signToken } from "../support/tokens.ts";
import { runJson } from "./cli-support.ts";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

const port = await freePort();
const address = `http://127.0.0.1:${port}`;
const provider: IdentityProvider = await startIdentityProvider(`${address}/login/oidc/callback`);
afterAll(() => provider.close());
const { app } = await withApp({ env: {
  PUBLIC_URL: address, OIDC_ISSUER: provider.issuer, OIDC_CLIENT_ID: CLIENT.id, OIDC_CLIENT_SECRET: CLIENT.secret, OIDC_SCOPES: "openid email groups", OIDC_ROLES: "viewer=staff,operator=support,owner=platform",
} });
await app.listen({ host: "127.0.0.1", port });

describe("user-vps login", () => {
  const env = { USER_VPS_URL: address };
  const link = async (scope: string) => runJson<{ url: string; role: string }>(["login"], { env: { ...env, USER_VPS_TOKEN: await signToken({ sub: "operator_1", scope }) } });
  const use = (url: string) => app.inject({ method: "POST", url: "/session", headers: { host: "127.0.0.1" }, payload: { code: new URL(url).hash.replace("#code=", "") } });

  it("prints a link that logs in once, with the role of the token", async () => {
    const { url, role } = await link("vps:operator");
    assert.match(url, new RegExp(`^${address}/login#code=`));
    const first = await use(url);
    assert.deepEqual([first.statusCode, role, first.json<{ role: string }>().role], [200, "operator", "operator"]);
    assertRefusal(await use(url), 401, "UNAUTHENTICATED");
    assertRefusal(await use(`${url}x`), 401, "UNAUTHENTICATED");
  });

  it("is for operators alone", async () => {
    assertRefusal(await app.inject({ method: "POST", url: "/api/admin/login-links", headers: await asUser("alice") }), 403, "SCOPE_MISSING");
  });
});

describe("single sign-on", () => {
  it("takes no answer that this browser has not asked for", async () => {
    assertRefusal(await app.inject({ url: "/login/oidc/callback?code=x&state=y", headers: { host: "127.0.0.1" } }), 401, "UNAUTHENTICATED");
    const begun = await app.inject({ url: "/login/oidc?next=/users/alice", headers: { host: "127.0.0.1" } });
    const asked = new URL(String(begun.headers.location));
    assert.deepEqual([asked.origin, asked.searchParams.get("code_challenge_method"), asked.searchParams.get("response_type")], [provider.issuer, "S256", "code"]);
    for (const name of ["state", "nonce", "code_challenge"]) assert.ok(asked.searchParams.get(name)!.length > 20, name);
    const cookie = String(begun.headers["set-cookie"]).split(";")[0]!;
    assertRefusal(await app.inject({ url: `/login/oidc/callback?code=x&state=another&iss=${provider.issuer}`, headers: { host: "127.0.0.1", cookie } }), 401, "UNAUTHENTICATED");
  });
});

describe("single sign-on in a browser", needing("browser"), () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await openBrowser();
    page = browser.context.pages()[0] ?? (await browser.context.newPage());
  });
  afterAll(() => browser.close());

  async function signIn(name: string): Promise<void> {
    await page.getByRole("link", { name: "Log in by single sign-on" }).click();
    await page.locator("input[name=login]").fill(name);
    await page.locator("input[name=password]").fill("any");
    await page.getByRole("button", { name: "Sign-in" }).click();
    await page.getByRole("button", { name: "Continue" }).click();
  }
  /** From a page that asks for nothing: one that refreshes itself would go to the login by itself, at any moment. */
  const signOut = async () => {
    await page.goto("about:blank");
    await browser.context.clearCookies();
  };
  const session = () => page.evaluate<{ operator?: string; role?: string }>("fetch('/session').then((answer) => answer.json())");

  it("leads back to where one was, with the role of one's highest group", async () => {
    provider.groups.set("ada", ["staff", "support", "others"]);
    await page.goto(`${address}/?status=ready`);
    assert.match(page.url(), /\/login\?next=/);
    await signIn("ada");
    await page.waitForURL(`${address}/?status=ready`);
    const { operator, role } = await session();
    assert.deepEqual([operator, role], ["ada@example.com", "operator"]);
  });

  it("lets nobody in who is in no group that has a role", async () => {
    await signOut();
    await page.goto(`${address}/login`);
    await signIn("mallory");
    await page.waitForURL(/\/login\/oidc\/callback/);
    assert.match(await page.locator("body").innerText(), /Not logged in.*names no role of 'mallory@example.com'.*SCOPE_MISSING/s);
    await page.getByRole("link", { name: "Try again" }).click();
    await page.getByRole("link", { name: "Log in by single sign-on" }).waitFor();
    assert.equal((await session()).operator, undefined);
  });

  it("a one-time link logs in, and its code does not stay in the address", async () => {
    await signOut();
    const headers = { ...(await asUser("op", { sub: "operator_2", scope: "vps:viewer" })) };
    const { url } = (await app.inject({ method: "POST", url: "/api/admin/login-links", headers })).json<{ url: string }>();
    await page.goto(url);
    await page.waitForURL(`${address}/`);
    const { operator, role } = await session();
    assert.deepEqual([operator, role], ["operator_2", "viewer"]);
  });
});
