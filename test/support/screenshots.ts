/**
 * Makes the pictures of the pages in docs/pictures, from the real page in front of a sandbox's fleet:
 *
 *     npx node test/support/screenshots.ts            docs/pictures
 *     npx node test/support/screenshots.ts FOLDER     every page and state there, wide and narrow, light and dark
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Client } from "pg";
import type { Page } from "playwright-core";
import { openPageWorld, type PageWorld } from "./page-world.ts";
import { smallPng } from "./small-png.ts";

const DOCS = resolve(import.meta.dirname, "..", "..", "docs", "pictures");
const USERS = ["ada", "blaise", "dora", "emmy", "grace", "hedy", "ida"];
const WIDE = { width: 1_280, height: 900 };
const FOR_DOCS = { width: 1_120, height: 820 };
const OF_A_USER = { width: 560, height: 700 };
const NARROW = { width: 390, height: 844 };

const folder = process.argv[2];
const the = await openPageWorld({ sandbox: { bootMs: 3_000, scriptMs: 2_000 }, env: { DEPROVISION_GRACE_HOURS: "72", WORKER_CONCURRENCY: "3" } });
const { page, world } = the;
try {
  if (folder !== undefined) await mkdir(folder, { recursive: true });
  await (folder === undefined ? picturesForDocs() : everyState(folder));
} finally {
  await the.close();
}

async function picturesForDocs(): Promise<void> {
  await mkdir(DOCS, { recursive: true });
  await page.setViewportSize(FOR_DOCS);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await the.logIn();
  await aFleet();
  await picture("findings");
  await openFleet();
  await picture("fleet");
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await picture("fleet-dark");
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await openUser("grace", "ready");
  await page.getByRole("button", { name: "Check for drift" }).click();
  await page.locator("#drift tbody tr").first().waitFor();
  await picture("user", false);
  await page.locator("#runs summary").first().click();
  await page.locator("#runs pre", { hasText: "health" }).first().waitFor();
  await page.evaluate("document.querySelector('#runs-title').scrollIntoView()");
  await picture("run", false);
  await openUser("kurt", "failed");
  await picture("failed", false);
  await page.getByRole("button", { name: "Retry" }).click();
  await page.getByRole("dialog").waitFor();
  await picture("question", false);
  await page.keyboard.press("Escape");
  await page.goto(`${world.url}/purchases`);
  await page.locator("#purchases tr", { hasText: "ada" }).waitFor();
  await picture("purchases", false);
  await page.setViewportSize(OF_A_USER);
  await the.signUp("noether");
  await page.goto(await the.handOver("noether"));
  await page.getByRole("heading", { name: /starting and installing/ }).waitFor();
  await picture("me-installing");
  await page.getByRole("button", { name: "Show my password" }).click();
  await page.getByRole("button", { name: "I have them" }).waitFor();
  await picture("me-ready");
}

/** Into docs/pictures, with a palette. */
async function picture(name: string, fullPage = true): Promise<void> {
  await settled(page);
  const shot = await page.screenshot({ fullPage });
  // A page of its own reads the pixels: the service's content security policy lets no picture of ours in.
  const reader = await page.context().newPage();
  const { width, height, base64 } = await reader.evaluate(`(async () => {
    const bitmap = await createImageBitmap(await (await fetch("data:image/png;base64,${shot.toString("base64")}")).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const reader = new FileReader();
    const read = new Promise((done) => reader.addEventListener("load", done));
    reader.readAsDataURL(new Blob([context.getImageData(0, 0, bitmap.width, bitmap.height).data]));
    await read;
    return { width: bitmap.width, height: bitmap.height, base64: reader.result.split(",")[1] };
  })()`) as { width: number; height: number; base64: string };
  await reader.close();
  await writeFile(join(DOCS, `${name}.png`), smallPng({ width, height, rgba: Buffer.from(base64, "base64") }));
}

async function everyState(into: string): Promise<void> {
  await page.goto(`${world.url}/login`);
  await shoot(into, "login");
  await the.logIn();
  await aFleet();
  await openFleet();
  await shoot(into, "fleet");
  await openUser("ada", "ready");
  await shoot(into, "ready");
  await page.locator("#runs summary").first().click();
  await page.locator("#runs pre", { hasText: "vm created" }).waitFor();
  await page.getByRole("button", { name: "Deprovision…" }).click();
  await shoot(into, "deprovision", false);
  await page.keyboard.press("Escape");
  await openUser("kurt", "failed");
  await shoot(into, "failed");
  await openUser("grace", "ready");
  await page.getByRole("button", { name: "Check for drift" }).click();
  await page.locator("#drift tbody tr").first().waitFor();
  await shoot(into, "drift");
  await openUser("ida", "deprovisioning");
  await shoot(into, "grace");
  await the.signUp("noether");
  await openUser("noether", "provisioning");
  await page.locator("#phases li[data-phase=vm].active").waitFor();
  await shoot(into, "provisioning");
}

/** A day's worth of users: most are well, one failed, one is being given up, two are not as declared. */
async function aFleet(): Promise<void> {
  await the.control("boot", { hostname: "kurt.spoq.dev", outcome: "error" });
  for (const username of [...USERS, "kurt"]) await the.signUp(username);
  for (const username of USERS) await openUser(username, "ready");
  await openUser("kurt", "failed");
  await spreadOverTheDay(the);
  await openUser("ida", "ready");
  await page.getByRole("button", { name: "Deprovision…" }).click();
  await page.getByLabel("Why, for the record").fill("account closed");
  await page.getByLabel("Type the user name").fill("ida");
  await page.getByRole("button", { name: "Deprovision", exact: true }).click();
  await page.locator("#badge", { hasText: "deprovisioning" }).waitFor();
  const dora = world.sandbox.state().vms.find(({ hostname }) => hostname === "dora.spoq.dev")!;
  await the.control(`vms/${dora.id}/drift`, { kind: "stopped" });
  await the.control("records/drift", { name: "grace.spoq.dev", kind: "content", content: "127.9.9.9" });
  await page.goto(`${world.url}/findings`);
  await page.getByRole("button", { name: "Sweep now" }).click();
  await page.locator("#findings tr", { hasText: "VmStopped" }).waitFor();
}

/** As if they had come one after the other, each after an ordinary time. */
async function spreadOverTheDay({ world: { databaseUrl } }: PageWorld): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`
    SET session_replication_role = replica;
    UPDATE user_vps SET requested_at = requested_at - place * interval '160 minutes',
      ready_at = requested_at - place * interval '160 minutes' + (55 + place * 9) * interval '1 second'
    FROM (SELECT user_id AS id, row_number() OVER (ORDER BY username DESC) AS place FROM user_vps) AS places
    WHERE id = user_id AND ready_at IS NOT NULL`);
  await client.end();
}

async function openUser(username: string, status: string): Promise<void> {
  await page.goto(`${world.url}/users/${username}`);
  await page.locator("#badge", { hasText: status }).waitFor();
  await page.locator("#runs summary, #runs p").first().waitFor();
}

async function openFleet(): Promise<void> {
  await page.goto(world.url);
  await page.locator("#rows tr", { hasText: "ada" }).waitFor();
  await page.locator("#charts figure").first().waitFor();
}

async function shoot(into: string, name: string, fullPage = true): Promise<void> {
  for (const [width, size] of [["wide", WIDE], ["narrow", NARROW]] as const) {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await settled(page);
      await page.screenshot({ path: join(into, `${name}-${width}-${colorScheme}.png`), fullPage });
    }
  }
  await page.setViewportSize(WIDE);
}

function settled(shown: Page): Promise<unknown> {
  return shown.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
}
