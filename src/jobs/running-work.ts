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

  /**
   * Whether it has ended within the time.
   *
   * @param source ends when nothing more can begin
   */
  async endedWithin(limitMs: number, source: Promise<unknown> = Promise.resolve()): Promise<boolean> {
    const over = new AbortController();
    const ended = source.then(() => this.ended()).then(() => true);
    const isLate = sleep(limitMs, over.signal).then(() => false, () => false);
    return await Promise.race([ended, isLate]).finally(() => over.abort());
  }
}
