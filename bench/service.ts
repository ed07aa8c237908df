/** The service as its users start it, on the bench's database and a sandbox. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { SignJWT } from "jose";
import { sandboxEnvironment } from "../src/cli/sandbox-env.ts";
import type { Sandbox } from "../src/sandbox/index.ts";
import type { BenchWorld } from "./world.ts";

const PROJECT = resolve(import.meta.dirname, "..");
/** Characters in which the address is looked for. */
const MOST_OUTPUT = 100_000;

export interface BenchService {
  /** `all`, or one of its roles in a process of its own. */
  start(role: "all" | "http" | "worker", variables?: Readonly<Record<string, string>>): Promise<BenchProcess>;
  /** An access token as the backend of Spoq makes it. */
  tokenOf(username: string): Promise<string>;
  /** kill -9 of all that was started, also of what did not get ready. */
  close(): Promise<void>;
}

export interface BenchProcess {
  readonly pid: number;
  /** Empty for a worker. */
  readonly url: string;
  hasEnded(): boolean;
  kill(): Promise<void>;
}

/** @param project the checkout whose service it is: this one, unless another version is compared */
export function benchService(world: Pick<BenchWorld, "folder" | "engine" | "databaseUrl">, sandbox: Pick<Sandbox, "env">, project = PROJECT): BenchService {
  const jwtSecret = randomBytes(32).toString("hex");
  const env = {
    PATH: process.env["PATH"], HOME: process.env["HOME"], TMPDIR: world.folder,
    ...sandboxEnvironment(sandbox, world.engine),
    DATABASE_URL: world.databaseUrl, JWT_SECRET: jwtSecret, CREDENTIALS_KEYS: `bench:${randomBytes(32).toString("base64")}`,
    // The sandbox has no limits of its own.
    CERTIFICATES_PER_WEEK: "100000",
    PORT: "0", LOG_LEVEL: "silent", RATE_LIMIT_PER_MINUTE: "1000000", HEALTH_TIMEOUT_SECONDS: "3600",
  };
  const started: ChildProcess[] = [];
  return {
    async start(role, variables = {}) {
      const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(project, "src", "service", "main.ts"), "--role", role], {
        env: { ...env, ...variables },
        stdio: ["ignore", "ignore", "pipe"],
      });
      started.push(child);
      return { pid: child.pid!, url: await readiness(child), hasEnded: () => child.exitCode !== null || child.signalCode !== null, kill: () => kill(child) };
    },
    async close() {
      await Promise.all(started.map(kill));
    },
    tokenOf: (username) =>
      new SignJWT({ username }).setProtectedHeader({ alg: "HS256" }).setSubject(`bench-${username}`).setExpirationTime("1 hour").sign(new TextEncoder().encode(jwtSecret)),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Reads on afterwards: whoever writes into a pipe that nobody reads any more is ended by it. */
function readiness({ stderr }: ChildProcess): Promise<string> {
  let text = "";
  return new Promise((ready, refuse) => {
    stderr!.on("data", (chunk) => {
      if (text.length < MOST_OUTPUT) text += String(chunk);
      const found = /\bready(?: at (\S+)|, waiting)/.exec(text);
      if (found) ready(found[1] ?? "");
    });
    stderr!.on("end", () => refuse(new Error(`the service did not start: ${text}`)));
  });
}
