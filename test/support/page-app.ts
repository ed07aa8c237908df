/** The HTTP side on a database of its own, with an operator's browser in front of it: no worker, no sandbox, no engine. */
import type { Page } from "playwright-core";
import { atEnd } from "./at-end.ts";
import { openBrowser } from "./browser.ts";
import { withListeningApp, type TestApp, type TestAppOptions } from "./http-app.ts";
import { signToken } from "./tokens.ts";

const LIMIT_MS = 60_000;

export interface PageApp extends TestApp {
  readonly page: Page;
  readonly address: string;
  /** What the browser complained about: uncaught errors, and what the content security policy stopped. */
  readonly complaints: readonly string[];
  /** Goes there, logged in. */
  open(path: string): Promise<void>;
}

/** Closed when the test, suite or file that calls it ends. */
export async function openPageApp(options: TestAppOptions = {}): Promise<PageApp> {
  const started = await withListeningApp(options);
  const browser = await openBrowser();
  atEnd(() => browser.close());
  const page = await browser.context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) complaints.push(message.text());
  });
  const token = await signToken({ sub: "operator@example.com", scope: "vps:admin" }, { expiresInSeconds: 3_600 });
  const logIn = await browser.context.request.post(`${started.address}/session`, { data: { token } });
  if (!logIn.ok()) throw new Error(`login: ${logIn.status()} ${await logIn.text()}`);
  return { ...started, page, complaints, open: async (path) => void (await page.goto(started.address + path)) };
}
