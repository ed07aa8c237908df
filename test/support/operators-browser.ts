/** An operator's browser in front of the HTTP side alone: no worker, no sandbox, no engine. */
import type { Page } from "playwright-core";
import { openBrowser } from "./browser.ts";
import type { withListeningApp } from "./http-app.ts";
import { signToken } from "./tokens.ts";

const LIMIT_MS = 120_000;

export interface OperatorsBrowser {
  readonly page: Page;
  /** What the browser complained about: uncaught errors, and what the content security policy stopped. */
  readonly complaints: readonly string[];
  /** Goes there, logged in. */
  open(path: string): Promise<void>;
  close(): Promise<void>;
}

/** In front of an app that listens; see withListeningApp. */
export async function openOperatorsBrowser({ address }: Pick<Awaited<ReturnType<typeof withListeningApp>>, "address">): Promise<OperatorsBrowser> {
  const browser = await openBrowser();
  const page = await browser.context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) complaints.push(message.text());
  });
  const token = await signToken({ sub: "operator@example.com", scope: "vps:admin" }, { expiresInSeconds: 3_600 });
  const logIn = await browser.context.request.post(`${address}/session`, { data: { token } });
  if (!logIn.ok()) {
    const text = await logIn.text();
    await browser.close();
    throw new Error(`login: ${logIn.status()} ${text}`);
  }
  return { page, complaints, open: async (path) => void (await page.goto(address + path)), close: () => browser.close() };
}
