import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { onInterrupts } from "../../providers/core/interrupts.ts";
import type { Service } from "./service.ts";

/**
 * Starts a service that closes at SIGTERM, SIGINT or SIGHUP, after which the process ends; a second
 * signal does not wait for running work. One that comes while it starts ends the start: what was
 * opened so far is closed.
 */
export async function startUntilSignals<S extends Pick<Service, "close">>(start: (signal: AbortSignal) => Promise<S>, print: (line: string) => void): Promise<S> {
  const starting = new AbortController();
  let service: S | undefined;
  const onStart = (signal: NodeJS.Signals, count: number) => {
    if (count > 1) process.exit(1);
    print(`${signal}: the start ends here, and what it has opened is closed; once more ends it at once`);
    starting.abort(new UserVpsError("CANCELLED", "The service was ended while it started.", { next: "Start it again." }));
  };
  const onService = (open: S, signal: NodeJS.Signals, count: number) => {
    if (count > 2) process.exit(1);
    print(count === 1 ? `${signal}: finishing what runs; once more to hand it over at once` : `${signal}: handing over`);
    open.close({ atOnce: count > 1 }).then(
      () => process.exit(0),
      (error: unknown) => {
        print(messageOf(error));
        process.exit(1);
      },
    );
  };
  onInterrupts((signal, count) => (service ? onService(service, signal, count) : onStart(signal, count)));
  try {
    return (service = await start(starting.signal));
  } catch (error) {
    // As it was asked to; whatever that made fail is no news.
    if (starting.signal.aborted) process.exit(0);
    throw error;
  }
}
