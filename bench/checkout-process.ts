/**
 * A checkout of this program, whichever version, as a platform engineer and as users meet it: plain `pulumi up`s, and
 * signups with its service. It is told the folder, and prints one line of JSON. See against.ts.
 */
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../providers/core/errors.ts";
import { cliWayIn } from "./cli-way.ts";
import { benchService } from "./service.ts";

export interface CheckoutFigures {
  readonly createSeconds: number;
  readonly unchangedSeconds: number;
  readonly readyAMinute: number;
}

const SIGNUPS = 16;
const AT_ONCE = "4";
/** Until the service has what it prepares. */
const SETTLE_MS = 4_000;
const LIMIT_MS = 600_000;
const LOOK_MS = 200;

const root = process.argv[2]!;
/** Of versions whose modules differ from this one's; what is used of them is the same in all. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
const load = (...paths: string[]): Promise<any> => import(paths.map((path) => join(root, path)).find(existsSync)!);

const engineModule = await load("src/install-pulumi/ensure-engine.ts", "src/engine/ensure-engine.ts");
const { engineEnvironment } = engineModule.engineEnvironment ? engineModule : await load("src/install-pulumi/engine-environment.ts");
const { startSandbox } = await load("src/sandbox/index.ts");
const { sandboxEnvironment } = await load("src/cli/sandbox-env.ts");
const { openDatabase } = await load("src/db/index.ts");
const engine = await engineModule.ensureEngine({ onProgress: () => undefined });
const folder = await mkdtemp(join(tmpdir(), "user-vps-bench-"));
await chmod(folder, 0o755);
const database = await openDatabase({ dataFolder: join(folder, "postgres"), onProgress: () => undefined });
const sandbox = await startSandbox({ dataDir: folder, bootMs: 0, scriptMs: 0, actionMs: 0 });

async function plainUps(): Promise<Pick<CheckoutFigures, "createSeconds" | "unchangedSeconds">> {
  const backend = new URL(database.url);
  backend.searchParams.set("sslmode", "disable");
  const way = cliWayIn(root, { ...engineEnvironment(engine), ...sandboxEnvironment(sandbox, engine, backend.href) });
  const stack = `against-${Date.now().toString(36)}`;
  try {
    const created = await way.measure(stack, "create");
    return { createSeconds: created.seconds, unchangedSeconds: (await way.measure(stack, "unchanged")).seconds };
  } finally {
    await rm(join(root, `Pulumi.${stack}.yaml`), { force: true });
  }
}

async function signups(): Promise<Pick<CheckoutFigures, "readyAMinute">> {
  const service = benchService({ folder, engine, databaseUrl: database.url }, sandbox, root);
  try {
    const { url } = await service.start("all", { WORKER_CONCURRENCY: AT_ONCE });
    await delay(SETTLE_MS);
    const startMs = performance.now();
    for (let number = 0; number < SIGNUPS; number += 1) {
      const { status } = await fetch(`${url}/api/vps/provision`, { method: "POST", headers: { authorization: `Bearer ${await service.tokenOf(`many${number}`)}` } });
      if (status !== 202) throw new Error(`POST /api/vps/provision: ${status}`);
    }
    for (let ready = 0; ready < SIGNUPS; await delay(LOOK_MS)) {
      ({ rows: [{ ready }] } = await database.pool.query("SELECT count(*)::int AS ready FROM user_vps WHERE status = 'ready'"));
      if (performance.now() - startMs > LIMIT_MS) throw new Error(`${ready} of ${SIGNUPS} users are ready after ${LIMIT_MS / 1_000} s`);
    }
    return { readyAMinute: (SIGNUPS * 60_000) / (performance.now() - startMs) };
  } finally {
    await service.close();
  }
}

try {
  process.stdout.write(`${JSON.stringify({ ...(await plainUps()), ...(await signups()) } satisfies CheckoutFigures)}\n`);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
} finally {
  await sandbox.close();
  await database.close();
  await rm(folder, { recursive: true, force: true });
}
setTimeout(() => process.exit(), 1_000).unref();
