import { UserVpsError } from "../../providers/core/errors.ts";
import { onInterrupts } from "../../providers/core/interrupts.ts";
import { EXIT } from "./exit-codes.ts";

/** A signal that the first Ctrl-C (or SIGTERM, or the end of the terminal) aborts; the second ends the process at once. */
export function signalOfInterrupts(say: (text: string) => void, text = "stopping; Ctrl-C once more ends it at once"): AbortSignal {
  const controller = new AbortController();
  onInterrupts((_signal, count) => {
    if (count > 1) process.exit(EXIT.interrupted);
    say(text);
    controller.abort(new UserVpsError("CANCELLED", "Interrupted.", { next: "Run it again: it goes on with what is there." }));
  });
  return controller.signal;
}
