/** `node src/install-pulumi/main.ts`: prepares the engine; the last line is the folder to put first on PATH. */
import { messageOf } from "../../providers/core/errors.ts";
import { ensureEngine } from "./ensure-engine.ts";

// Nobody may be there any more to be told; the engine is prepared all the same.
process.stderr.on("error", () => undefined);

try {
  const engine = await ensureEngine({ onProgress: (line) => console.error(line) });
  console.error(`Pulumi engine ${engine.version} (${engine.source})${engine.standIns ? ", with a sandbox stand-in for the plugin of Cloudflare" : ""}`);
  console.log(engine.binDir);
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
