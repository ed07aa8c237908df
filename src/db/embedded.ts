/**
 * A real PostgreSQL of the project's own, for those who have none. It outlives the process that
 * started it: several processes on one machine share it, the last one to go stops it, and after a
 * kill -9 the next one finds it running. If it ends itself meanwhile, however, whoever needs it starts it again.
 */
import { execFile } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { access, chown, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Client } from "pg";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS, sleep } from "../../providers/core/time.ts";
import { isAlive, withLock } from "../../providers/core/file-lock.ts";
import { embeddedBinaries } from "./embedded-binaries.ts";
import { claimFolder, defaultEmbeddedFolder, makeEmbeddedFolder } from "./embedded-folder.ts";
import { holdPresence, keepPresence, nobodyElseIsConnected } from "./embedded-presence.ts";
import { forgetStranger, readPidFile } from "./postmaster-pid.ts";
import { serverUser, type ServerUser } from "./embedded-user.ts";

const run = promisify(execFile);
const START_TRIES = 5;
const UNFINISHED = "data.unfinished";
const PASSWORD = "password";
/** As in a container that is run with a number for a user: initdb wants a name. */
const NAMELESS = "The user that this runs as has no name: add one to /etc/passwd (`useradd`), run as another user, or set DATABASE_URL to a PostgreSQL of your own.";
const ELSEWHERE = "Mend what it says; or set USER_VPS_DATA_FOLDER to another folder, or DATABASE_URL to a PostgreSQL of your own.";

export interface EmbeddedOptions {
  /** Holds the server's data, password and log. Absent: the usual one, which belongs to one checkout. */
  readonly folder?: string | undefined;
  /** Further settings of the server, such as `{ fsync: "off" }`; they count when this process starts it. */
  readonly serverSettings?: Readonly<Record<string, string>>;
  /** The server outlives the checkout of whoever starts it: it loads its libraries as long as it runs. */
  readonly copiesPrograms?: boolean;
  readonly onProgress?: ((line: string) => void) | undefined;
}

export interface EmbeddedServer {
  /** Of the database `postgres`, with user and password. */
  readonly url: string;
  readonly folder: string;
  /** This process needs it no more; it is stopped if no other process is connected. */
  release(): Promise<void>;
  /** Stops it, whoever uses it. */
  stop(): Promise<void>;
}

/**
 * Starts the server, or finds it running.
 *
 * @throws UserVpsError DATABASE_FAILED with the end of the server's log
 */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<EmbeddedServer> {
  const folder = options.folder ?? defaultEmbeddedFolder();
  const user = await serverUser();
  await makeEmbeddedFolder(folder, user);
  if (options.folder === undefined) await claimFolder(folder);
  const bin = await embeddedBinaries(user, folder, { copies: options.copiesPrograms ?? false });
  // Servers take their own defaults from them, too, and somebody may have them for other servers' sake.
  const env = { ...process.env, PGDATESTYLE: undefined, PGCLIENTENCODING: undefined };
  const control = (command: string, ...more: string[]) => run(join(bin, "pg_ctl"), [command, "--pgdata", join(folder, "data"), "--wait", ...more], { ...user, cwd: folder, env });
  const stop = async () => void await control("stop", "--mode", "fast").catch(() => undefined);
  const alone = <T>(work: () => Promise<T>) => withLock(join(folder, "lock"), work, { whatFor: "starts or stops this PostgreSQL", code: "DATABASE_FAILED", onWait: () => undefined, pollMs: 50, timeoutMs: 2 * MINUTE_MS });
  /** @param wantedPort that alone */
  const enter = async (wantedPort?: number) => {
    const foundPort = await runningPort(folder, control);
    const port = foundPort ?? await start(folder, control, options, wantedPort);
    // Whatever the shell demands of other servers (PGSSLMODE, PGSSLNEGOTIATION, PGOPTIONS): this has no TLS, and no options of anybody's. An empty text counts as none.
    const url = `postgres://postgres:${await readPassword(folder)}@127.0.0.1:${port}/postgres?sslmode=disable&sslnegotiation=postgres&options=-c%20search_path%3Dpublic`;
    try {
      return { port, url, presence: await holdPresence(url, folder) };
    } catch (error) {
      // Nobody would ever stop it: not even who has started it gets in.
      if (foundPort === undefined) await stop();
      throw error;
    }
  };
  const first = await alone(async () => {
    await initialise(folder, bin, user, options.onProgress);
    return await enter();
  });
  const presence = keepPresence(first.presence, {
    folder,
    enterAgain: (isNeeded) => alone(async () => (isNeeded() ? await enterAt(first.port) : undefined)),
    say: (line) => options.onProgress?.(line),
  });
  return {
    url: first.url,
    folder,
    release() {
      presence.letGo();
      return alone(async () => {
        const client = presence.client();
        const unused = await nobodyElseIsConnected(client).catch(() => false);
        await client.end().catch(() => undefined);
        if (unused) await stop();
      });
    },
    stop() {
      presence.letGo();
      return alone(stop);
    },
  };

  /** Whoever has the server's address knows no other. */
  async function enterAt(port: number): Promise<Client> {
    const again = await enter(port);
    if (again.port === port) return again.presence;
    await again.presence.end();
    throw new UserVpsError("DATABASE_FAILED", `The PostgreSQL in ${folder} is at port ${again.port} by now, and this process knows it at ${port}.`, { next: "Start this process again." });
  }
}

type Control = (command: string, ...more: string[]) => Promise<unknown>;

/**
 * `initdb` into a folder beside, of this process's own, moved into place with its password when it is complete: a kill in
 * between leaves nothing half made, and of two at it, as after one stood still and its lock was taken for a dead one's, the first has made it.
 */
async function initialise(folder: string, bin: string, user: ServerUser | undefined, onProgress?: (line: string) => void): Promise<void> {
  const data = join(folder, "data");
  const isMade = () => access(join(data, "PG_VERSION")).then(() => true, () => false);
  if (await isMade()) return;
  await removeUnfinished(folder);
  const unfinished = join(folder, `${UNFINISHED}.${process.pid}.${randomUUID()}`);
  const password = `${unfinished}.password`;
  await writeFile(password, randomBytes(24).toString("base64url"), { mode: 0o600 });
  if (user) await chown(password, user.uid, user.gid);
  // The locale is PostgreSQL's own, so the machine needs to have none.
  const flags = ["--username=postgres", `--pwfile=${password}`, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  onProgress?.(`making a PostgreSQL in ${folder}, once`);
  try {
    await run(join(bin, "initdb"), [`--pgdata=${unfinished}`, ...flags], { ...user, cwd: folder });
    await rename(password, join(unfinished, PASSWORD));
    await rename(unfinished, data);
  } catch (error) {
    if (await isMade()) return;
    throw new UserVpsError("DATABASE_FAILED", `PostgreSQL could not be initialised in ${folder}: ${messageOf(error)}`, { next: /could not look up effective user ID/.test(messageOf(error)) ? NAMELESS : ELSEWHERE, cause: error });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
    await rm(password, { force: true });
  }
}

/** What processes have left that were killed while they made one; not of those that only stand still. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, pid] = /^data[.]unfinished(?:[.](\d+)[.].*)?$/.exec(name) ?? [name];
    if (pid !== undefined ? !isAlive(Number(pid)) : name === UNFINISHED) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Beside the data is where it was until it became a part of them. */
async function readPassword(folder: string): Promise<string> {
  return await readFile(join(folder, "data", PASSWORD), "utf8").catch(() => readFile(join(folder, PASSWORD), "utf8"));
}

async function runningPort(folder: string, control: Control): Promise<number | undefined> {
  await forgetStranger(folder);
  const runs = await control("status").then(() => true, () => false);
  return runs ? (await readPidFile(folder))?.port : undefined;
}

async function start(folder: string, control: Control, { serverSettings = {} }: EmbeddedOptions, wantedPort?: number): Promise<number> {
  const log = join(folder, "log");
  const remembered = Number(await readFile(join(folder, "port"), "utf8").catch(() => "0"));
  const settings = { listen_addresses: "127.0.0.1", unix_socket_directories: "", max_connections: "300", ...serverSettings };
  let portIsTaken = false;
  // It may tell why the server before has ended.
  await rename(log, `${log}.before`).catch(() => undefined);
  for (let attempt = 1; ; attempt += 1) {
    // The port of the last time, so that a URL that somebody has noted stays true; another if it is taken.
    const port = wantedPort ?? (remembered > 0 && !portIsTaken ? remembered : await freePort());
    const flags = [`-p ${port}`, ...Object.entries(settings).map(([name, value]) => `-c ${name}='${value}'`)].join(" ");
    await rm(log, { force: true });
    try {
      await control("start", "--log", log, "--options", flags);
      await writeFile(join(folder, "port"), String(port));
      return port;
    } catch (error) {
      const end = (await readFile(log, "utf8").catch(() => messageOf(error))).trim().split("\n").slice(-8).join("\n");
      portIsTaken = /could not (bind|create any TCP)/.test(end);
      // Of a server that was killed, the processes that served connections go a little later.
      const isStillGoing = end.includes("pre-existing shared memory block");
      if (isStillGoing) await sleep(SECOND_MS);
      if (attempt < START_TRIES && (portIsTaken || isStillGoing)) continue;
      throw new UserVpsError("DATABASE_FAILED", `PostgreSQL did not start in ${folder}; the end of its log:\n${end}\n`, { next: ELSEWHERE });
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
