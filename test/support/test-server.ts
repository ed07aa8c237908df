/** One embedded PostgreSQL for all test files on this machine; it ends when the last who holds it lets go. */
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { startEmbedded, type EmbeddedServer } from "../../src/db/embedded.ts";

export const TEST_SERVER_FOLDER = join(tmpdir(), `user-vps-tests-${userInfo().uid}`);

/** What a crash would lose is only tests' data; and with little in its log a database is copied in a third of the time. */
const FOR_TESTS = { fsync: "off", full_page_writes: "off", wal_level: "minimal", max_wal_senders: "0" };

export function holdTestServer(): Promise<EmbeddedServer> {
  // Other checkouts' tests use it too, and go on when the one that has started it is removed.
  return startEmbedded({ folder: TEST_SERVER_FOLDER, serverSettings: FOR_TESTS, copiesPrograms: true });
}
