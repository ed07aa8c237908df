/** One embedded PostgreSQL for all test files on this machine; it ends when the last who holds it lets go. */
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { startEmbedded, type EmbeddedServer } from "../../src/db/embedded.ts";

export const TEST_SERVER_FOLDER = join(tmpdir(), `user-vps-tests-${userInfo().uid}`);

/** Without fsync: what a crash would lose is only tests' data. */
export function holdTestServer(): Promise<EmbeddedServer> {
  return startEmbedded({ folder: TEST_SERVER_FOLDER, serverSettings: { fsync: "off", full_page_writes: "off" } });
}
