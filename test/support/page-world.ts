/** The whole service against the sandbox, and operators in front of its page. */
import type { Page } from "playwright-core";
import { openDemoWorld, type DemoWorld, type DemoWorldOptions } from "../../src/cli/demo/world.ts";
import { openBrowser } from "./browser.ts";
import { signToken } from "./tokens.ts";

/** A pool is filled again after five of the engine's runs, each of which takes twenty seconds on a machine that does much else. */
const LIMIT_MS = 240_000;

export interface PageWorld {
  readonly world: DemoWorld;
  readonly page: Page;
  /** What the browser complained about: uncaught errors, and what the content security policy stopped. */
  readonly complaints: readonly string[];
  operatorToken(): Promise<string>;
  logIn(): Promise<void>;
  /** In the question that is open: why, what else it wants, and yes. */
  answer(yes: string, more?: Readonly<Record<string, string>>): Promise<void>;
  signUp(username: string, wish?: { readonly plan?: string }): Promise<void>;
  /** As a backend does: the address of the user's page, good once. */
  handOver(username: string): Promise<string>;
  /** `POST /sandbox/…`: makes the simulated world go wrong. */
  control(path: string, body: object): Promise<void>;
  close(): Promise<void>;
}

export interface PageWorldOptions extends DemoWorldOptions {
  /** Of a database that is there already; absent: a PostgreSQL of its own, which takes a while to make. */
  readonly databaseUrl?: string;
}

export async function openPageWorld({ sandbox, env, databaseUrl }: PageWorldOptions = {}): Promise<PageWorld> {
  // A test is faster than a person.
  const world = await openDemoWorld(() => undefined, { ...(sandbox && { sandbox }), env: { RATE_LIMIT_PER_MINUTE: "10000", SWEEP_GRACE_SECONDS: "0", ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }), ...env } });
  const browser = await openBrowser().catch(async (error: unknown) => {
    await world.close();
    throw error;
  });
  const page = await browser.context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) complaints.push(message.text());
  });
  const sign = (sub: string, claims: Record<string, string>) => signToken({ sub, ...claims }, { secret: world.jwtSecret, expiresInSeconds: 3_600 });
  const operatorToken = () => sign("operator@example.com", { scope: "vps:admin" });
  const asUser = async (username: string, path: string, body: object) => {
    const answer = await fetch(`${world.url}${path}`, { method: "POST", headers: { authorization: `Bearer ${await sign(`user_${username}`, { username })}`, "content-type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return await answer.json() as { url: string };
  };
  return {
    world, page, complaints, operatorToken,
    async logIn() {
      // Who is logged in is not asked to; and from a page that asks for nothing, for another one would go to the login by itself.
      await page.goto("about:blank");
      await browser.context.clearCookies();
      await page.goto(`${world.url}/login`);
      await page.getByLabel("Operator's token").fill(await operatorToken());
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("heading", { name: "Fleet" }).waitFor();
    },
    async answer(yes, more = {}) {
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Why, for the record").fill("a test");
      for (const [label, value] of Object.entries(more)) await dialog.getByLabel(label).fill(value);
      await dialog.getByRole("button", { name: yes, exact: true }).click();
      await dialog.waitFor({ state: "hidden" });
    },
    async signUp(username, wish = {}) {
      await asUser(username, "/api/vps/provision", wish);
    },
    handOver: async (username) => (await asUser(username, "/api/vps/hand-over", {})).url,
    async control(path, body) {
      const answer = await fetch(`${world.sandbox.controlUrl}/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`/sandbox/${path}: ${answer.status} ${await answer.text()}`);
    },
    async close() {
      await browser.close();
      await world.close();
    },
  };
}
