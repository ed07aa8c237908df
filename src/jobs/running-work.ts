import { sleep } from "../../providers/core/time.ts";

/** What a worker is at, so that it can end in good order. */
export class RunningWork {
  readonly #running = new Set<Promise<unknown>>();

  get size(): number {
    return this.#running.size;
  }

  /** Returns what the work returns. */
  async track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  /** Resolves when nothing runs any more, failed or not. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  /** Whether it has ended within the time. */
  async endedWithin(limitMs: number): Promise<boolean> {
    const over = new AbortController();
    await Promise.race([this.ended(), sleep(limitMs, over.signal).catch(() => undefined)]);
    over.abort();
    return this.size === 0;
  }
}
