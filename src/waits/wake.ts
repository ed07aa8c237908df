/** A pause that ends early when something has happened. What happens while nobody pauses ends the next pause at once. */
export class Wake {
  #isDue = false;
  #end: (() => void) | undefined;

  now(): void {
    this.#isDue = true;
    this.#end?.();
  }

  /** Returns after `ms`, or as soon as `now` is called, or `signal` aborted. */
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#isDue && !signal.aborted) {
      await new Promise<void>((end) => {
        const timer = setTimeout(end, ms);
        this.#end = () => {
          clearTimeout(timer);
          end();
        };
        signal.addEventListener("abort", this.#end, { once: true });
      });
      if (this.#end) signal.removeEventListener("abort", this.#end);
      this.#end = undefined;
    }
    this.#isDue = false;
  }
}
