/** One Chromium for the pages of all tests, started when the first asks for it: each test file has a context of its own in it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserServer } from "playwright-core";
import { messageOf } from "../../providers/core/errors.ts";
import { launchBrowser, SHARED_BROWSER } from "./browser.ts";

export default async function setUp(): Promise<() => Promise<void>> {
  let browser: Promise<BrowserServer> | undefined;
  // One that did not start, or has crashed, is the next one's no more.
  const forget = () => { browser = undefined; };
  const launch = async () => (await launchBrowser()).on("close", forget);
  const door = createServer((_request, response) => {
    browser ??= launch().catch((error: unknown) => {
      forget();
      throw error;
    });
    browser.then((server) => response.end(server.wsEndpoint()), (error: unknown) => response.writeHead(500).end(messageOf(error)));
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  process.env[SHARED_BROWSER] = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
  return async () => {
    door.close();
    await (await browser?.catch(() => undefined))?.close();
  };
}
