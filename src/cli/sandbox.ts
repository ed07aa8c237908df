/** `npm run sandbox`: the simulated world for a plain `pulumi up`, until Ctrl-C. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureEngine } from "../install-pulumi/ensure-engine.ts";
import { sandboxBanner, startSandbox } from "../sandbox/index.ts";
import { messageOf } from "../../providers/core/errors.ts";
import { onInterrupts } from "../../providers/core/interrupts.ts";
import { EXIT } from "./exit-codes.ts";
import { asExportLines, CLOSED_OFF, sandboxEnvironment, trialDataFolder, writeEnvironmentFile } from "./sandbox-env.ts";
import { sandboxFolder } from "./user-stack/stack-folder.ts";

// Nobody may be there any more to be told; the world goes on.
process.stderr.on("error", () => undefined);

try {
  const folder = sandboxFolder();
  const envFile = join(folder, "env");
  await rm(envFile, { force: true });
  const stateFolder = join(folder, "state");
  await mkdir(stateFolder, { recursive: true });
  const engine = await ensureEngine({ onProgress: (line) => console.error(line) });
  const sandbox = await startSandbox({ dataDir: folder, persistFile: join(folder, "world.json") });
  const environment = { ...CLOSED_OFF, ...sandboxEnvironment(sandbox, engine, pathToFileURL(stateFolder).href), USER_VPS_DATA_FOLDER: trialDataFolder(folder) };

  const exports = asExportLines({ ...environment, SANDBOX_CONTROL_URL: sandbox.controlUrl }, engine.binDir);
  console.log(`${sandboxBanner(sandbox)}\n\n${exports}`);
  // Last: from now on it can be used.
  await writeEnvironmentFile(envFile, exports);
  console.log("Ready. In a second terminal:  . .sandbox/env  and then the Pulumi CLI as README tells. Ctrl-C ends the sandbox.");

  const end = async () => {
    await rm(envFile, { force: true });
    await sandbox.close();
  };
  onInterrupts((_signal, count) => void (count > 1 ? process.exit(EXIT.interrupted) : end()));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
