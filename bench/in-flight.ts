/** Users who sign up at once, on a service with VMs that take time to boot. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SignJWT } from "jose";
import { Pool } from "pg";
import { sandboxEnvironment } from "../src/cli/sandbox-env.ts";
import { startSandbox } from "../src/sandbox/index.ts";
import { memoryMbOf } from "./processes.ts";
import { median } from "./rounds.ts";
import type { BenchWorld } from "./world.ts";

const PROJECT = resolve(import.meta.dirname, "..");
const LOOK_INTERVAL_MS = 500;
/** Characters in which the address is looked for. */
const MOST_OUTPUT = 100_000;

export interface InFlightOptions {
  readonly users: number;
  readonly bootSeconds: number;
  readonly scriptSeconds: number;
  readonly concurrency: number;
  readonly limitSeconds: number;
}

export interface InFlight {
  readonly users: number;
  readonly peakMemoryMb: number;
  /** From the signup to ready, without boot and script. */
  readonly beyondBootSecondsP50: number;
  readonly beyondBootSecondsLast: number;
  readonly callsAUser: number;
}

export async function usersInFlight(world: BenchWorld, options: InFlightOptions): Promise<InFlight> {
  const { users, bootSeconds, scriptSeconds, concurrency, limitSeconds } = options;
  const sandbox = await startSandbox({ dataDir: world.folder, bootMs: bootSeconds * 1_000, scriptMs: scriptSeconds * 1_000 });
  const pool = new Pool({ connectionString: world.databaseUrl, max: 2 });
  const jwtSecret = randomBytes(32).toString("hex");
  const service = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(PROJECT, "src", "service", "main.ts")], {
    env: {
      PATH: process.env["PATH"], HOME: process.env["HOME"], TMPDIR: world.folder,
      ...sandboxEnvironment(sandbox, world.engine),
      DATABASE_URL: world.databaseUrl, JWT_SECRET: jwtSecret, CREDENTIALS_KEYS: `bench:${randomBytes(32).toString("base64")}`,
      PORT: "0", LOG_LEVEL: "silent", WORKER_CONCURRENCY: String(concurrency), HEALTH_TIMEOUT_SECONDS: String(limitSeconds), RATE_LIMIT_PER_MINUTE: "100000",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    const url = await addressOf(service.stderr);
    await Promise.all(Array.from({ length: users }, async (_, number) => {
      const username = `flight${number}`;
      const token = await new SignJWT({ username }).setProtectedHeader({ alg: "HS256" }).setSubject(`bench-${username}`).setExpirationTime("1 hour").sign(new TextEncoder().encode(jwtSecret));
      const answer = await fetch(`${url}/api/vps/provision`, { method: "POST", headers: { authorization: `Bearer ${token}` } });
      if (answer.status !== 202) throw new Error(`POST /api/vps/provision: ${answer.status} ${await answer.text()}`);
    }));
    let peakMemoryMb = 0;
    const endMs = Date.now() + limitSeconds * 1_000;
    for (;;) {
      peakMemoryMb = Math.max(peakMemoryMb, memoryMbOf(service.pid!));
      const { rows } = await pool.query<{ seconds: number | null }>("SELECT extract(epoch FROM ready_at - requested_at)::float AS seconds FROM user_vps WHERE user_id LIKE 'bench-flight%'");
      const ready = rows.flatMap(({ seconds }) => seconds ?? []);
      if (ready.length === users) {
        const beyond = ready.map((seconds) => seconds - bootSeconds - scriptSeconds);
        return { users, peakMemoryMb, beyondBootSecondsP50: median(beyond), beyondBootSecondsLast: Math.max(...beyond), callsAUser: sandbox.state().calls.hostinger / users };
      }
      if (Date.now() > endMs) throw new Error(`${ready.length} of ${users} users are ready after ${limitSeconds} s`);
      await delay(LOOK_INTERVAL_MS);
    }
  } finally {
    service.kill("SIGKILL");
    await once(service, "exit");
    await pool.end();
    await sandbox.close();
  }
}

/** Reads on afterwards: whoever writes into a pipe that nobody reads any more is ended by it. */
function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  return new Promise((resolve, reject) => {
    output.on("data", (chunk) => {
      if (text.length < MOST_OUTPUT) text += String(chunk);
      const url = /ready at (\S+)/.exec(text)?.[1];
      if (url) resolve(url);
    });
    output.on("end", () => reject(new Error(`the service did not start: ${text}`)));
  });
}
