/** A server is in use while anybody is connected to it; each process that uses it holds one connection for that. */
import { Client } from "pg";
import { SECOND_MS, sleep } from "../../providers/core/time.ts";

export async function holdPresence(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: "user-vps presence" });
  // It breaks when the server is stopped; nothing is to be done then.
  client.on("error", () => undefined);
  await client.connect();
  return client;
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
