/** One signal in place of several, for as long as a piece of work takes. */
export interface JoinedSignal {
  readonly signal: AbortSignal;
  /** To be called when the work has ended. */
  readonly leave: () => void;
}

export interface JoinSignalsOptions {
  readonly signals: readonly (AbortSignal | undefined)[];
  readonly limitMs?: number;
  /** What the signal is aborted with once the limit is over. */
  readonly late?: () => Error;
}

/**
 * A signal that is aborted as soon as one of the others is, with its reason, or the limit is over. In place of
 * AbortSignal.any wherever one of them outlives the work: with one that lives as long as the process, that leaves
 * something behind for ever, each time (Node 24.9).
 */
export function joinSignals({ signals, limitMs, late = () => new DOMException("The time limit is over.", "TimeoutError") }: JoinSignalsOptions): JoinedSignal {
  const joined = new AbortController();
  const onAbort = ({ target }: Event) => joined.abort((target as AbortSignal).reason);
  const timer = limitMs === undefined ? undefined : setTimeout(() => joined.abort(late()), limitMs);
  for (const signal of signals) {
    if (signal?.aborted) joined.abort(signal.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
  }
  return {
    signal: joined.signal,
    leave() {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener("abort", onAbort);
    },
  };
}
