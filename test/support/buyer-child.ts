/** A process that buys and says what came of it: `node buyer-child.ts` with its account, settings and inputs as JSON on argv. */
import { obtainOnce } from "./buyers.ts";

const { account, inputs, settings } = JSON.parse(process.argv[2]!) as { account: Parameters<typeof obtainOnce>[0]; inputs: object; settings: object };
process.send!(await obtainOnce(account, inputs, settings));
process.disconnect();
