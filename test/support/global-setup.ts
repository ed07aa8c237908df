/** Before the first integration or end-to-end test: one PostgreSQL for all of them, ended after the last. */
import { holdTestServer } from "./test-server.ts";

export default async function setUp(): Promise<() => Promise<void>> {
  const { release } = await holdTestServer();
  return release;
}
