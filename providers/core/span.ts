/** What a span of a trace is to this program: see tracing.ts. */

export interface SpanWish {
  /** Of few different values: what is done, not for whom. */
  readonly name: string;
  readonly kind?: "internal" | "server" | "client" | "producer" | "consumer";
  /** Hold no secret. */
  readonly attributes?: Readonly<Record<string, string | number | undefined>>;
  /** In place of the span that this one is within. */
  readonly parent?: string | undefined;
}

export interface OpenSpan {
  readonly traceparent: string;
  set(attributes: Readonly<Record<string, string | number>>): void;
  /** @param failed in a word; a code, no message */
  end(failed?: string): void;
}

export interface Tracer {
  start(wish: SpanWish): OpenSpan;
  flush(): Promise<void>;
}
