import { engineGoneSignal, whenEngineIsLeft } from "../core/engine-liveness.ts";
import { reportProgress } from "../core/progress.ts";
import { HostingerClient } from "./api/client.ts";
import { hostingerSettings } from "./settings.ts";
import type { HostingerSettings, StackConfig } from "./settings.ts";

/** What every operation of the Hostinger providers works with. */
export interface Session {
  readonly client: HostingerClient;
  readonly settings: HostingerSettings;
  /** Aborted when the engine that asked is gone: an orphan must not go on waiting. */
  readonly signal: AbortSignal;
  /** Tells the person who runs `up` what is waited for. */
  report(text: string): void;
}

/** Where null, what is begun is brought to its end whoever has gone. */
export type LookingSession = Omit<Session, "signal"> & { readonly signal: AbortSignal | null };

let stackConfig: StackConfig = { get: () => undefined };
let session: Session | undefined;

/** The dynamic provider's `configure`: called once in a provider process, before anything else. */
export function configure(config: StackConfig): void {
  stackConfig = config;
  session = undefined;
  // The process may serve another run after this one, with another stack's configuration.
  whenEngineIsLeft(() => {
    stackConfig = { get: () => undefined };
    session = undefined;
  });
}

/** A setting of the stack's configuration, with its namespace. */
export function stackSetting(key: string): string | undefined {
  return stackConfig.get(key);
}

export function currentSession(): Session {
  session ??= openSession();
  return session;
}

function openSession(): Session {
  const settings = hostingerSettings(stackConfig, process.env);
  const signal = engineGoneSignal();
  const client = new HostingerClient({ baseUrl: settings.baseUrl, apiKey: settings.apiKey, purchaseTimeoutMs: settings.purchaseTimeoutMs, signal });
  whenEngineIsLeft(() => {
    session = undefined;
    void client.close();
  });
  return {
    client,
    settings,
    signal,
    report: reportProgress,
  };
}
