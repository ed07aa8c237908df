import { SignJWT } from "jose";
import { Pool } from "pg";
import { openDemoWorld } from "../../src/cli/demo-world.ts";
const world = await openDemoWorld(console.error);
const sign = (claims: Record<string, unknown>, sub: string) => new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setSubject(sub).setExpirationTime("1 hour").sign(new TextEncoder().encode(world.jwtSecret));
const pool = new Pool({ connectionString: world.databaseUrl });
const op = { authorization: `Bearer ${await sign({ scope: "vps:admin" }, "op")}`, "content-type": "application/json" };
const admin = async (m: string, p: string, b?: unknown) => { const r = await fetch(world.url + "/api/admin/vps/" + p, { method: m, headers: op, ...(b ? { body: JSON.stringify(b) } : m === "POST" ? { body: "{}" } : {}) }); return r.json() as any; };
const until = async (what: string, f: () => Promise<boolean>, ms = 20000) => { const e = Date.now() + ms; while (!(await f())) { if (Date.now() > e) { console.error("STUCK", what); return false; } await new Promise((r) => setTimeout(r, 30)); } return true; };
for (let i = 0; i < 6; i++) {
  const u = "user" + i;
  await fetch(world.url + "/api/vps/provision", { method: "POST", headers: { authorization: `Bearer ${await sign({ username: u }, "s-" + u)}` } });
  await until("ready", async () => (await admin("GET", u)).status === "ready", 60000);
  await admin("POST", u + "/repair");
  await until("2 runs", async () => { const r = await admin("GET", u + "/runs"); return r.items.length === 2 && r.items[0].outcome; });
  await until("ready", async () => (await admin("GET", u)).status === "ready");
  console.error(u, "deprovision:", (await admin("POST", u + "/deprovision", { confirm: u })).status);
  if (!(await until("deprovisioned", async () => (await admin("GET", u)).status === "deprovisioned"))) {
    console.error(await admin("GET", u), JSON.stringify((await admin("GET", u + "/runs")).items.map((r: any) => [r.operation, r.outcome, r.startedAt, r.endedAt])));
    console.error((await pool.query("SELECT name, state, data, created_on, started_on, completed_on, retry_count, output FROM pgboss.job ORDER BY created_on")).rows.filter((r) => JSON.stringify(r.data).includes(u)));
  }
}
await pool.end(); await world.close(); setTimeout(() => process.exit(), 1000).unref();
