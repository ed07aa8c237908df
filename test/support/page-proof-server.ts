/** The HTTP side in a process of its own, whose memory can be asked for: `node --expose-gc page-proof-server.ts URL`. */
import { buildApp } from "../../src/http/app.ts";
import { createCredentialsCipher } from "../../src/records/index.ts";
import { NO_WORKER, RecordingJobs, RecordingRollOutJobs, testSettings } from "./http-app.ts";
import { openPool } from "./open-pool.ts";

const databaseUrl = process.argv[2]!;
const settings = testSettings();
const pool = openPool(databaseUrl, 10);
const app = await buildApp({
  pool, databaseUrl, settings, jobs: new RecordingJobs(), rollOuts: new RecordingRollOutJobs(), drift: NO_WORKER, cipher: createCredentialsCipher(settings.credentialsKeys!),
  vmActions: async () => undefined, bootLog: async () => undefined, doctor: async () => undefined,
});
const url = await app.listen({ host: "127.0.0.1", port: 0 });
process.on("message", () => {
  globalThis.gc!();
  process.send!({ heapBytes: process.memoryUsage().heapUsed });
});
process.once("disconnect", () => process.exit());
process.send!({ url });
