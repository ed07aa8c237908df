/** The user's page, while the same is done elsewhere: on the telephone, in another tab, by another link. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { requestCredentialsRotation, saveCredentials, setVpsStatus } from "../../src/records/index.ts";
import { openBrowser, type Browser } from "../support/browser.ts";
import { withListeningApp } from "../support/http-app.ts";
import { needing } from "../support/needs.ts";
import { asUser } from "../support/tokens.ts";

const { app, pool, cipher, address } = await withListeningApp({ env: { USER_ACTIONS: "restart,ssh-key" } });
const post = async (username: string, path: string, payload: object = {}) => app.inject({ method: "POST", url: `/api/vps/${path}`, headers: await asUser(username), payload });
const linkOf = async (username: string) => ((await (await fetch(`${address}/api/vps/hand-over`, { method: "POST", headers: await asUser(username) })).json()) as { url: string }).url;

async function ready(username: string): Promise<string> {
  await post(username, "provision");
  await setVpsStatus(pool, `user_${username}`, { status: "ready", phase: "done" });
  await made(username, 1);
  return username;
}
async function made(username: string, rotation: number): Promise<void> {
  const credentials = { username: "spoq", hostname: `${username}.spoq.dev`, password: `fake-password-${rotation}-of-${username}`, jwtSecret: "fake-secret" };
  await saveCredentials(pool, cipher, `user_${username}`, credentials, rotation, `2026-11-0${rotation}T10:00:00.000Z`);
}

describe("the user's page beside others", needing("browser"), () => {
  let browser: Browser;
  beforeAll(async () => { browser = await openBrowser(); });
  afterAll(() => browser.close());

  const opened = async (url: string): Promise<Page> => {
    const page = await browser.context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(url);
    return page;
  };
  const heading = (page: Page, name: string) => page.getByRole("heading", { name }).waitFor();
  const away = async (meanwhile: () => Promise<unknown>) => {
    await browser.context.setOffline(true);
    // What is open already goes on by the browser's word alone.
    app.server.closeAllConnections();
    await meanwhile().finally(() => browser.context.setOffline(false));
  };
  async function reveal(page: Page, username: string): Promise<void> {
    await page.getByRole("button", { name: "Show my password" }).click();
    await page.getByText(`fake-password-1-of-${username}`).waitFor();
  }

  it("shows no password any more that was replaced while it was away, though the new one was shown elsewhere by then", async () => {
    const username = await ready("ada");
    const page = await opened(await linkOf(username));
    await reveal(page, username);
    await away(async () => {
      await requestCredentialsRotation(pool, `user_${username}`);
      await made(username, 2);
      assert.equal((await post(username, "credentials")).json().password, "fake-password-2-of-ada");
    });
    await page.getByText("fake-password-1-of-ada").waitFor({ state: "detached" });
    assert.equal((await post(username, "credentials")).json().password, "fake-password-2-of-ada");
    await page.close();
  });

  it("shows nothing of its user once another one was handed over in another tab", async () => {
    const [first, second] = [await ready("berta"), await ready("carla")];
    const page = await opened(await linkOf(first));
    await reveal(page, first);
    const other = await opened(await linkOf(second));
    await heading(other, "carla.spoq.dev");
    await away(async () => undefined);
    await heading(page, "carla.spoq.dev");
    assert.doesNotMatch(await page.content(), /berta/);
    for (const one of [page, other]) await one.close();
  });

  it("follows a link that is opened in a tab that has the page already, and keeps no code in its address", async () => {
    const [first, second] = [await ready("dora"), await ready("emma")];
    const page = await opened(await linkOf(first));
    await heading(page, "dora.spoq.dev");
    const link = await linkOf(second);
    await page.evaluate(`location.href = ${JSON.stringify(link)}`);
    await heading(page, "emma.spoq.dev");
    assert.equal(page.url(), `${address}/me`);
    await page.close();
  });

  it("asks nothing any more when its session is over, and takes no two keys for one", async () => {
    const username = await ready("frida");
    const page = await opened(await linkOf(username));
    await heading(page, "frida.spoq.dev");
    await page.locator("[data-key=ssh-key]").click();
    const key = (name: string) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFakeKeyForTestsFakeKeyForTestsFakeKeyFor ${name}`;
    await page.getByRole("textbox").fill(`${key("laptop")}\n${key("desk")}`);
    await page.getByRole("dialog").locator("[type=submit]").click();
    await page.getByRole("dialog").getByRole("alert").waitFor();
    await browser.context.clearCookies();
    await away(async () => undefined);
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.close();
  });
});
