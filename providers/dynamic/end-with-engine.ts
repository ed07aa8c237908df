/** When the process of a plugin ends. */
import { exitAsOrphan } from "../core/engine-liveness.ts";
import { whenAtRest } from "./grpc-server.ts";

/** The engine ends its plugins by SIGINT. Ended by the signal itself, Node would not write its compile cache. */
export function endWithEngine(): void {
  process.once("SIGINT", () => process.exit(0));
}

/** For a process whose engine is gone: once the calls that are under way have ended, such as a purchase, it exits. */
export function endAsOrphan(): void {
  exitAsOrphan();
  void whenAtRest().then(() => process.exit(0));
}
