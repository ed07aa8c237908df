export interface NowAndThen {
  /** Begins nothing more, and waits for what is under way. */
  stop(): Promise<void>;
}

/** Does the work every `intervalMs`, but never twice at the same time. It keeps no process from ending. */
export function nowAndThen(intervalMs: number, work: () => Promise<unknown>, onError: (error: unknown) => void): NowAndThen {
  let working: Promise<unknown> | undefined;
  const timer = setInterval(() => {
    working ??= work().catch(onError).finally(() => { working = undefined; });
  }, intervalMs).unref();
  return {
    async stop() {
      clearInterval(timer);
      await working;
    },
  };
}
