import { SignJWT } from "jose";
import { Pool } from "pg";
import { openDemoWorld } from "../../src/cli/demo-world.ts";
import { openBrowser } from "../support/browser.ts";
import { requestVps, setVpsStatus, saveVpsResult } from "../../src/records/index.ts";

const world = await openDemoWorld(console.error);
const sign = (claims: Record<string, unknown>, sub: string) => new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setSubject(sub).setExpirationTime("1 hour").sign(new TextEncoder().encode(world.jwtSecret));
const browser = await openBrowser();
try {
  const page = await browser.context.newPage();
  page.on("console", (m) => console.error("console:", m.type(), m.text()));
  page.on("pageerror", (e) => console.error("pageerror:", e));
  page.on("response", (r) => { if (r.status() >= 400) console.error(r.status(), r.request().method(), r.url()); });
  await page.goto(world.url + "/");
  console.error(page.url());
  await page.screenshot({ path: "/tmp/page-shots/login.png" });
  await page.getByLabel("Operator's token").fill(await sign({ scope: "vps:admin", username: "op" }, "operator@example.com"));
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL(world.url + "/");
  // a fleet
  const pool = new Pool({ connectionString: world.databaseUrl });
  const names = "ada blaise carl dora emmy fay george hedy ivan joan kurt lise max noor olga paul quinn rosa sofia tim uma vera will xena yuri zoe".split(" ");
  for (const [i, username] of names.entries()) {
    const userId = `u-${1000 + i}`;
    await requestVps(pool, { userId, username, hostname: `${username}.spoq.dev`, plan: ["kvm1","kvm1","kvm2","kvm4"].map((k) => `hostingercom-vps-${k}-usd-1m`)[i % 4]!, templateId: 1007, dataCenterId: 9, sshPublicKey: null });
    if (i === 4) { await setVpsStatus(pool, userId, { status: "failed", phase: "health", errorCode: "HEALTH_TIMEOUT", reason: "https://emmy.spoq.dev/health answered 502 for 15 minutes.", nextStep: "Look at the end of /post_install.log." }); await saveVpsResult(pool, userId, { hostingerVmId: 99, address: "203.0.113.9" }); }
    else if (i === 9) await setVpsStatus(pool, userId, { status: "provisioning", phase: "vm", waitingFor: "VM 17 is 'installing', waiting for 'running' (41 s of usually 90 s)" });
    else if (i === 12) { await setVpsStatus(pool, userId, { status: "deprovisioned", phase: null }); }
    else { await setVpsStatus(pool, userId, { status: "ready", phase: "done" }); await saveVpsResult(pool, userId, { hostingerVmId: 100 + i, address: `203.0.113.${10 + i}`, url: `https://${username}.spoq.dev` }); 
      await pool.query("ALTER TABLE user_vps DISABLE TRIGGER ALL"); await pool.query("UPDATE user_vps SET requested_at = now() - $2::int * interval '47 minutes' - interval '95 seconds' - $3::int * interval '1 second', ready_at = now() - $2::int * interval '47 minutes' WHERE username = $1", [username, 27 - i, (i * 37) % 80]); await pool.query("ALTER TABLE user_vps ENABLE TRIGGER ALL"); }
  }
  const alice = await sign({ username: "alice" }, "demo-alice");
  const r = await fetch(world.url + "/api/vps/provision", { method: "POST", headers: { authorization: `Bearer ${alice}` } });
  console.error("provision", r.status);
  await page.goto(world.url + "/users/alice");
  await page.waitForSelector("#phases li.active", { timeout: 20000 });
  await page.waitForTimeout(2500);
  await page.screenshot({ path: "/tmp/page-shots/user-live.png", fullPage: true });
  await page.locator("#badge", { hasText: "ready" }).waitFor({ timeout: 60000 });
  await page.waitForTimeout(2000);
  await page.locator("#runs summary").first().click();
  await page.getByRole("button", { name: "Check for drift" }).click();
  await page.waitForTimeout(2500);
  for (const [name, scheme, width] of [["light", "light", 1200], ["dark", "dark", 1200], ["narrow", "light", 390], ["narrow-dark", "dark", 390]] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 900 });
    await page.goto(world.url + "/users/alice");
    await page.locator("#runs summary").first().click();
    await page.waitForTimeout(1500);
    await page.screenshot({ path: `/tmp/page-shots/user-${name}.png`, fullPage: true });
    await page.getByRole("button", { name: "Deprovision…" }).click();
    await page.screenshot({ path: `/tmp/page-shots/dialog-${name}.png` });
    await page.keyboard.press("Escape");
    await page.goto(world.url + "/");
    await page.waitForSelector("#rows a");
    await page.waitForSelector("#charts figure");
    await page.waitForTimeout(500);
    await page.screenshot({ path: `/tmp/page-shots/fleet-${name}.png`, fullPage: false });
    console.error(name, await page.evaluate("document.documentElement.scrollWidth - innerWidth"));
  }
  await pool.end();
} finally {
  await browser.close();
  await world.close();
}
setTimeout(() => process.exit(), 1000).unref();
