import { messageOf } from "../../providers/core/errors.ts";
import type { Service } from "./service.ts";

/** Closes the service at SIGTERM or SIGINT, then lets the process end; a second signal does not wait for running work. */
export function closeOnSignals(service: Pick<Service, "close">, print: (line: string) => void): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    signals += 1;
    if (signals > 2) process.exit(1);
    print(signals === 1 ? `${signal}: finishing what runs; once more to hand it over at once` : `${signal}: handing over`);
    service.close({ atOnce: signals > 1 }).then(
      () => process.exit(0),
      (error: unknown) => {
        print(messageOf(error));
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}
