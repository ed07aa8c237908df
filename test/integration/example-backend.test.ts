/** The example backend against the whole demo: a new user signs up in Chromium, sees the VPS become ready, and the password once. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { needing } from "../support/needs.ts";
import { openPageWorld, type PageWorld } from "../support/page-world.ts";

const EXAMPLE = resolve(import.meta.dirname, "..", "..", "examples", "signup-backend", "server.ts");

describe("the example backend", needing("browser"), () => {
  let the: PageWorld;
  beforeAll(async () => { the = await openPageWorld(); });
  afterAll(() => the.close());

  it("signs a new user up, who sees their VPS become ready and their password once", async () => {
    const { page, world } = the;
    const backend = spawn(process.execPath, [EXAMPLE], { env: { PATH: process.env["PATH"], USER_VPS_URL: world.url, JWT_SECRET: world.jwtSecret, PORT: "0" }, stdio: ["ignore", "pipe", "inherit"] });
    try {
      let printed = "";
      backend.stdout.setEncoding("utf8").on("data", (text: string) => { printed += text; });
      while (!printed.includes("\n")) await once(backend.stdout, "data");
      await page.goto(printed.trim());
      await page.getByLabel("User name").fill("ada");
      await page.getByRole("button", { name: "Sign up" }).click();
      await page.getByRole("heading", { name: "ada.spoq.dev" }).waitFor();
      assert.equal(page.url(), `${world.url}/me`, "the code is out of the address");
      await page.locator("#steps li.active").waitFor();
      await page.getByRole("button", { name: "Show my password" }).click();
      const password = await page.locator("#secret dd code").nth(1).innerText();
      assert.match(password, /^\S{12,}$/);
      // What ssh-keygen would print of the sandbox's VM.
      await page.getByText(/^SHA256:[A-Za-z0-9+/]{43}$/).waitFor();
      await page.getByRole("button", { name: "I have them" }).click();
      await page.getByText("Your password has been shown, and is not kept here.").waitFor();
      await page.reload();
      await page.getByText("Your password has been shown, and is not kept here.").waitFor();
      assert.doesNotMatch(await page.content(), new RegExp(password.replace(/[^\w]/g, "\\$&")));
      while (!/ada: ready/.test(printed)) await once(backend.stdout, "data");
      assert.match(printed, /ada: provisioning, vm/);
      assert.deepEqual(the.complaints, []);
    } finally {
      backend.kill();
      await once(backend, "exit");
    }
  });
});
