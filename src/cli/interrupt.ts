import { UserVpsError } from "../../providers/core/errors.ts";
import { EXIT } from "./exit-codes.ts";

/** A signal that the first Ctrl-C (or SIGTERM) aborts; the second ends the process at once. */
export function signalOfInterrupts(say: (text: string) => void): AbortSignal {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    say("stopping; Ctrl-C once more ends it at once");
    controller.abort(new UserVpsError("CANCELLED", "Interrupted.", { next: "Run it again: it goes on with what is there." }));
  };
  process.on("SIGINT", onInterrupt).on("SIGTERM", onInterrupt);
  return controller.signal;
}
