/**
 * Tells a dynamic provider that nobody waits for its answer any more.
 *
 * The SDK's provider process neither notices that its engine died (after `kill -9` of the engine
 * it lives on and finishes what it was doing) nor passes on that the user pressed Ctrl-C (its
 * `cancel` does nothing, and the engine waits for the running step to end). So both are watched
 * here, from inside the process:
 * - gone: the engine gives its own gRPC address to the provider as the last argument. A refused
 *   connection to it on loopback means that the engine is not there. The parent's id would not
 *   tell: the parent is a shell script that outlives the engine as well.
 * - cancelled: the engine calls `/pulumirpc.ResourceProvider/Cancel`, which Node reports
 *   on its diagnostics channel for HTTP/2 servers (24.9 does; with a Node that lacks the channel a
 *   wait goes on after the first Ctrl-C and ends after the second, which ends the engine).
 */
import { subscribe } from "node:diagnostics_channel";
import { connect } from "node:net";
import { UserVpsError } from "./errors.ts";
import { MINUTE_MS, SECOND_MS } from "./time.ts";

const CHECK_INTERVAL_MS = SECOND_MS;
const PROVIDER_PATH = "/pulumirpc.ResourceProvider/";
const CANCEL_PATH = `${PROVIDER_PATH}Cancel`;
const REQUEST_CHANNEL = "http2.server.stream.start";

/** An orphaned provider process that is still there this long after its engine ends itself. */
const ORPHAN_LIFETIME_MS = 2 * MINUTE_MS;

/**
 * The engine's connections to this process that are open, and whether Cancel came by them. With
 * `--refresh` it has two sets of them: it cancels those of the refresh when that is over, which may
 * be after the update has begun by the others.
 */
const connections = new Map<object, { isCancelled: boolean }>();
const cancellations = new Set<() => void>();

interface StreamStart {
  readonly stream: { readonly session: { once(event: "close", listener: () => void): void } };
  readonly headers?: Readonly<Record<string, unknown>>;
}

// From the start: a process that serves one engine after the other gets requests before it follows the next.
subscribe(REQUEST_CHANNEL, (message) => {
  const { stream: { session }, headers } = message as StreamStart;
  const path = headers?.[":path"];
  if (typeof path !== "string" || !path.startsWith(PROVIDER_PATH)) return;
  if (!connections.has(session)) {
    connections.set(session, { isCancelled: false });
    session.once("close", () => connections.delete(session));
  }
  if (path !== CANCEL_PATH) return;
  connections.get(session)!.isCancelled = true;
  if ([...connections.values()].every(({ isCancelled }) => isCancelled)) for (const cancel of cancellations) cancel();
});

let followed: { readonly signal: AbortSignal; leave(): void } | undefined;
const atLeaving = new Set<() => void>();

/**
 * Aborts, with a UserVpsError CANCELLED as the reason, when the engine that this provider process
 * works for is gone or asks to cancel; never in a process that is no provider. In the SDK's
 * provider process, watching starts with the first call. It keeps no process alive.
 */
export function engineGoneSignal(): AbortSignal {
  if (!followed) followEngine(engineAddressOf(process.argv), exitAsOrphan);
  return followed!.signal;
}

/** From now on this process works for the engine at this address, and for none that was before. */
export function followEngine(address: string | undefined, onGone?: () => void): void {
  leaveEngine();
  const left = new AbortController();
  const watched = watchEngine(address, { until: left.signal, ...(onGone && { onGone }) });
  followed = { signal: AbortSignal.any([watched, left.signal]), leave: () => left.abort(new UserVpsError("CANCELLED", "The run of the Pulumi engine that waited for this has ended.")) };
}

/**
 * For a process that has one engine: it gets two minutes to bring to an end what must not be broken
 * off, then it exits. Otherwise it would stay for ever, waiting for requests.
 */
export function exitAsOrphan(): void {
  setTimeout(() => process.exit(1), ORPHAN_LIFETIME_MS).unref();
}

/** The run of the engine has ended: whatever still goes on for it is cancelled, and what was made for it is closed. */
export function leaveEngine(): void {
  followed?.leave();
  followed = undefined;
  for (const close of atLeaving) close();
  atLeaving.clear();
}

/** `close` is called when this process leaves the engine that it works for now. */
export function whenEngineIsLeft(close: () => void): void {
  // Following one begins with leaving what was before.
  engineGoneSignal();
  atLeaving.add(close);
}

/** The engine's address, as `127.0.0.1:port`, from a dynamic provider's arguments; else undefined. */
export function engineAddressOf(argv: readonly string[]): string | undefined {
  const [, script, ...rest] = argv;
  if (!script || !/@pulumi[\\/]pulumi[\\/]cmd[\\/]dynamic-provider/.test(script)) return undefined;
  const last = rest.at(-1);
  return last && /^(127\.0\.0\.1|localhost):\d+$/.test(last) ? last : undefined;
}

export interface WatchOptions {
  readonly intervalMs?: number;
  /** Called once when the engine is gone, also if it had asked to cancel before. */
  readonly onGone?: () => void;
  /** Ends the watching; `onGone` is not called from then on. */
  readonly until?: AbortSignal;
}

/** The work of `engineGoneSignal` for a given address; without one the signal never aborts. */
export function watchEngine(address: string | undefined, options: WatchOptions = {}): AbortSignal {
  const { intervalMs = CHECK_INTERVAL_MS, onGone, until } = options;
  const controller = new AbortController();
  if (!address) return controller.signal;

  const onCancel = () => controller.abort(new UserVpsError("CANCELLED", "The Pulumi engine was asked to stop."));
  cancellations.add(onCancel);

  // One refusal may be an accident of a busy machine; two in a row are not.
  let refusals = 0;
  const look = async () => {
    refusals = (await isRefused(address, intervalMs)) ? refusals + 1 : 0;
    if (refusals !== 2 || until?.aborted) return;
    end();
    controller.abort(new UserVpsError("CANCELLED", "The Pulumi engine that waited for this is gone."));
    onGone?.();
  };
  const timer = setInterval(() => void look(), intervalMs).unref();
  const end = () => {
    clearInterval(timer);
    cancellations.delete(onCancel);
  };
  until?.addEventListener("abort", end, { once: true });
  return controller.signal;
}

/** Whether nothing listens at `host:port`; every other outcome, a time-out too, counts as alive. */
function isRefused(address: string, timeoutMs: number): Promise<boolean> {
  const [host = "", port] = address.split(":");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: timeoutMs }).unref();
    const finish = (refused: boolean) => {
      socket.destroy();
      resolve(refused);
    };
    socket.on("connect", () => finish(false));
    socket.on("timeout", () => finish(false));
    socket.on("error", (error: NodeJS.ErrnoException) => finish(error.code === "ECONNREFUSED"));
  });
}
