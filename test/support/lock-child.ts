/** A process that holds a lock until it is told to go: `node lock-child.ts URL NAME`. */
import { once } from "node:events";
import { tryLockSession } from "../../src/jobs/session-lock.ts";

const [databaseUrl, name] = process.argv.slice(2);
const lock = await tryLockSession({ databaseUrl: databaseUrl!, name: name!, of: "the test" });
lock?.lost.addEventListener("abort", () => process.send?.("lost"));
process.send!(lock ? "locked" : "busy");
await once(process, "message");
await lock?.release();
process.disconnect();
