import { messageOf } from "../../providers/core/errors.ts";

/** The database or the API is away: said once when it begins, and once when it is over. */
export class Trouble {
  readonly #log: (line: string) => void;
  readonly #begun: string;
  readonly #ended: string;
  #isThere = false;

  constructor(log: (line: string) => void, begun: string, ended: string) {
    this.#log = log;
    this.#begun = begun;
    this.#ended = ended;
  }

  begins(error: unknown): void {
    if (!this.#isThere) this.#log(`${this.#begun}: ${messageOf(error)}`);
    this.#isThere = true;
  }

  ends(): void {
    if (this.#isThere) this.#log(this.#ended);
    this.#isThere = false;
  }
}
