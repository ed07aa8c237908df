/** `node main.ts ENGINE-ADDRESS`: a dynamic provider's process, as the engine starts it; prints its port. */
import { followEngine } from "../core/engine-liveness.ts";
import { serveDynamicProvider } from "./dynamic-provider.ts";
import { endAsOrphan, endWithEngine } from "./end-with-engine.ts";

const engineAddress = process.argv[2];
if (!engineAddress) throw new Error("expected the engine's address as the argument");
endWithEngine();
followEngine(engineAddress, endAsOrphan);
const { port } = await serveDynamicProvider({ project: process.env["PULUMI_NODEJS_PROJECT"] ?? "" });
process.stdout.write(`${port}\n`);
