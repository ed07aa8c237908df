/** Debian's Chromium, driven by playwright-core. */
import { chromium, type Browser as Connection, type BrowserContext, type BrowserServer } from "playwright-core";
import { leftBefore } from "./left-before.ts";
import { CHROMIUM } from "./needs.ts";

/** Where the tests' common browser is asked for; see shared-browser.ts. */
export const SHARED_BROWSER = "USER_VPS_TEST_BROWSER";

const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export interface Browser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

export interface BrowserOptions {
  /** Takes certificates that nobody has signed. */
  readonly anyCertificate?: boolean;
  /** For a browser that nobody shares. */
  readonly args?: readonly string[];
}

export function launchBrowser(args: readonly string[] = []): Promise<BrowserServer> {
  return chromium.launchServer({ executablePath: CHROMIUM, headless: true, args: [...ARGS, ...args] });
}

/** With nothing kept from others: cookies, storage and cache are its own, and gone after `close`. */
export async function openBrowser({ anyCertificate = false, args = [] }: BrowserOptions = {}): Promise<Browser> {
  const own = args.length > 0 || process.env[SHARED_BROWSER] === undefined ? await launchBrowser(args) : undefined;
  let browser: Connection | undefined;
  const close = async () => {
    await browser?.close().catch(() => undefined);
    await own?.close();
  };
  try {
    browser = await chromium.connect(own?.wsEndpoint() ?? (await sharedEndpoint()));
    const context = await browser.newContext({ ignoreHTTPSErrors: anyCertificate, viewport: { width: 1_200, height: 900 }, reducedMotion: "reduce" });
    leftBefore.browsers += 1;
    return {
      context,
      async close() {
        leftBefore.browsers -= 1;
        await context.close().finally(close);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function sharedEndpoint(): Promise<string> {
  const answer = await fetch(process.env[SHARED_BROWSER]!);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the tests' browser did not start: ${text}`);
  return text;
}
