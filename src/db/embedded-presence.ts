/** A server is in use while anybody is connected to it; each process that uses it holds one connection for that. */
import { Client } from "pg";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { MINUTE_MS, SECOND_MS, sleep } from "../../providers/core/time.ts";
import { isStarting, untilLetIn } from "./until-let-in.ts";

/** Until it is tried once more to start one that has ended, and does not start: its disk may be full. */
const FIRST_PAUSE_MS = 1 * SECOND_MS;
const LONGEST_PAUSE_MS = 30 * SECOND_MS;

/** One that was killed reads its log through before it lets anybody in. */
const RECOVERY_LIMIT_MS = 2 * MINUTE_MS;
const RECOVERY_PAUSE_MS = SECOND_MS / 5;
const CONNECT_LIMIT_MS = 15 * SECOND_MS;

/** @throws UserVpsError DATABASE_FAILED that says where the server is that does not answer */
export async function holdPresence(url: string, folder: string): Promise<Client> {
  try {
    return await untilLetIn(() => connect(url), { limitMs: RECOVERY_LIMIT_MS, pauseMs: RECOVERY_PAUSE_MS, mayPass: isStarting });
  } catch (cause) {
    const { host } = new URL(url);
    throw new UserVpsError("DATABASE_FAILED", `The project's own PostgreSQL in ${folder}, at ${host}, does not let this process in: ${messageOf(cause) || "it does not answer"}.`, {
      next: `Look at ${folder}/log, and whether a process of it hangs ('${folder}/data/postmaster.pid' has its id); end it, and start again.`, cause,
    });
  }
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: "user-vps presence", connectionTimeoutMillis: CONNECT_LIMIT_MS });
  // It breaks when the server ends: see keepPresence.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return client;
  } catch (cause) {
    await client.end().catch(() => undefined);
    throw cause;
  }
}

export interface KeepPresenceOptions {
  readonly folder: string;
  /** Starts the server, or finds it running. @param isNeeded asked when it is its turn; if not, it returns undefined */
  readonly enterAgain: (isNeeded: () => boolean) => Promise<Client | undefined>;
  readonly say: (line: string) => void;
}

export interface KeptPresence {
  client(): Client;
  /** From now on the server may end. */
  letGo(): void;
}

/** A server that ends while it is needed, killed or stopped by whoever, is started again: to all who use it, it was an outage. */
export function keepPresence(first: Client, { folder, enterAgain, say }: KeepPresenceOptions): KeptPresence {
  const unneeded = new AbortController();
  const { signal } = unneeded;
  let client = first;
  const startAgain = async () => {
    if (!signal.aborted) say(`the PostgreSQL in ${folder} has ended: it is started again`);
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        const again = await enterAgain(() => !signal.aborted);
        if (again) keep(again);
        return;
      } catch (error) {
        say(`the PostgreSQL in ${folder} is not to be had yet: ${messageOf(error)}`);
      }
      await sleep(pauseMs, signal).catch(() => undefined);
    }
  };
  const keep = (one: Client) => {
    client = one;
    one.once("end", () => void startAgain());
  };
  keep(first);
  return { client: () => client, letGo: () => unneeded.abort() };
}

const OTHERS = "SELECT count(*)::int AS count FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

/** Connections that were closed a moment ago may still be counted, hence the second looks. */
export async function nobodyElseIsConnected(presence: Client): Promise<boolean> {
  for (let look = 0; look < 5; look += 1) {
    const { rows } = await presence.query<{ count: number }>(OTHERS);
    if (rows[0]?.count === 0) return true;
    await sleep(SECOND_MS / 20);
  }
  return false;
}
